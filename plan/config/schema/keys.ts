import type { z } from "zod";

interface Definition {
  readonly type: string;
  readonly innerType?: Schema;
  readonly valueType?: Schema;
  readonly element?: Schema;
  readonly options?: readonly Schema[];
}
interface Schema {
  readonly def: Definition;
  readonly shape?: Readonly<Record<string, Schema>>;
}

/** The keys that the schema knows at a path; those of all members where it is a union. */
export function keysAt(schema: z.ZodType, path: readonly string[]): string[] {
  let here: Schema[] = members(schema);
  for (const key of path) {
    here = here.flatMap((each) => {
      const next = each.shape?.[key] ?? each.def.valueType ?? each.def.element;
      return next === undefined ? [] : members(next);
    });
  }
  return [...new Set(here.flatMap((each) => Object.keys(each.shape ?? {})))];
}

/** Unwraps optional, default and the like, and takes a union apart. */
function members(schema: Schema): Schema[] {
  if (schema.def.innerType !== undefined) return members(schema.def.innerType);
  if (schema.def.options !== undefined) return schema.def.options.flatMap(members);
  return [schema];
}
