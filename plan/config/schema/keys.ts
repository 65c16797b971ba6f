import type { z } from "zod";

interface Definition {
  readonly type: string;
  readonly innerType?: Schema;
  /** Of a value that is transformed: what is written. */
  readonly in?: Schema;
  readonly valueType?: Schema;
  readonly element?: Schema;
  readonly options?: readonly Schema[];
  readonly error?: ((issue: never) => unknown) | undefined;
}
interface Schema {
  readonly def: Definition;
  readonly shape?: Readonly<Record<string, Schema>>;
}

/** A union of maps on the way to a value: which map is meant follows from the keys, before any value is looked at. */
export interface Choice {
  /** Path of the union. */
  readonly path: readonly string[];
  readonly members: readonly z.ZodObject[];
  /** What the schema says where the keys do not decide. */
  readonly message: string;
}

/** The keys that the schema knows at a path; those of all members where it is a union. */
export function keysAt(schema: z.ZodType, path: readonly string[]): string[] {
  let here: Schema[] = members(schema);
  for (const key of path) here = here.flatMap((each) => next(each, key).flatMap(members));
  return [...new Set(here.flatMap((each) => Object.keys(each.shape ?? {})))];
}

/** The first union of maps at or above a path. */
export function choiceAt(schema: z.ZodType, path: readonly string[]): Choice | undefined {
  let here: Schema[] = [bare(schema)];
  for (let depth = 0; depth <= path.length; depth++) {
    const union = here.find(({ def }) => def.options?.every(({ shape }) => shape !== undefined));
    if (union !== undefined)
      return {
        path: path.slice(0, depth),
        // Only unions of maps get here.
        members: union.def.options as unknown as z.ZodObject[],
        message: String(union.def.error?.({} as never)),
      };
    here = here.flatMap(members).flatMap((each) => next(each, path[depth] ?? ""));
  }
  return undefined;
}

/** What stands under a key of a map, or in a list. */
function next(schema: Schema, key: string): Schema[] {
  const found = schema.shape?.[key] ?? schema.def.valueType ?? schema.def.element;
  return found === undefined ? [] : [bare(found)];
}

/** Takes a union apart. */
function members(schema: Schema): Schema[] {
  const inner = bare(schema);
  return inner.def.options?.flatMap(members) ?? [inner];
}

/** Unwraps optional, default and the like. */
function bare(schema: Schema): Schema {
  const inner = schema.def.innerType ?? (schema.def.type === "pipe" ? schema.def.in : undefined);
  return inner === undefined ? schema : bare(inner);
}
