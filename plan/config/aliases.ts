import { entriesOf, type Located } from "./document.ts";
import type { Layer } from "./layers.ts";
import type { Problem } from "./problem.ts";

/** A key that has two names in ClusterPolicy's users' hands. */
interface Alias {
  readonly alias: readonly [string, string, string];
  readonly key: readonly [string, string, string];
  /** Values that the key takes: what else stands there is told of the alias alone. */
  readonly values: readonly string[];
}

const ALIASES: readonly Alias[] = [
  {
    alias: ["gpu", "migManager", "strategy"],
    key: ["gpu", "mig", "strategy"],
    values: ["none", "single", "mixed"],
  },
];

/** The layer with every alias written under the key's own name, at the alias' line: layers then replace each other. */
export function withAliases(layer: Layer): Layer {
  const root = ALIASES.reduce((node, { alias, key, values }) => {
    const value = at(node, alias);
    const isValue = value?.kind === "scalar" && values.includes(String(value.value));
    return isValue && at(node, key) === undefined ? withValue(node, key, value) : node;
  }, layer.root);
  return root === layer.root ? layer : { ...layer, root };
}

/** Aliases that a layer gives another value than the key itself. */
export function aliasProblems(zone: string, { file, root }: Layer): Problem[] {
  return ALIASES.flatMap(({ alias, key, values }): Problem[] => {
    const [second, first] = [at(root, alias), at(root, key)];
    if (first?.kind !== "scalar" || second?.kind !== "scalar" || first.value === second.value) return [];
    if (![first, second].every(({ value }) => values.includes(String(value)))) return [];
    const [path, name] = [alias.join("."), key.join(".")];
    return [
      {
        ...{ code: "GZ003", severity: "error", zone, path, file, line: second.line },
        message: `wanted the value of ${name}, whose other name this is, got ${String(second.value)} here and ${String(first.value)} there`,
        fix: `take ${path} out`,
      },
    ];
  });
}

function at(node: Located, path: readonly string[]): Located | undefined {
  return path.reduce<Located | undefined>((each, key) => entriesOf(each).get(key), node);
}

function withValue(node: Located, [key = "", ...rest]: readonly string[], value: Located): Located {
  const entries = new Map(entriesOf(node));
  const below = entries.get(key);
  // A wrong value where a map belongs is told as it stands.
  if (rest.length > 0 && below !== undefined && below.kind !== "map") return node;
  const empty: Located = { kind: "map", line: value.line, entries: new Map() };
  entries.set(key, rest.length === 0 ? value : withValue(below ?? empty, rest, value));
  return { kind: "map", line: node.line, entries };
}
