import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type Pair } from "yaml";
import type { Json } from "../object.ts";

/** A value of a YAML file with the line it stands on. */
export type Located =
  | { readonly kind: "map"; readonly line: number; readonly entries: ReadonlyMap<string, Located> }
  | { readonly kind: "list"; readonly line: number; readonly items: readonly Located[] }
  | { readonly kind: "scalar"; readonly line: number; readonly value: string | number | boolean | null };

/** What is wrong with the text of a file, by line. */
export interface SyntaxError {
  readonly line: number;
  readonly message: string;
}

export interface LocatedDocument {
  readonly root: Located;
  readonly errors: readonly SyntaxError[];
}

/** More aliases than a person writes; an alias that holds itself, or one that holds thousands, ends here. */
const ALIASES_MAX = 1000;

/** Reads YAML 1.2 text and keeps the line of every value; the first line is 1. Never throws. */
export function parseLocated(text: string): LocatedDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineOf = (offset: number | undefined): number =>
    offset === undefined ? 1 : lines.linePos(offset).line;
  const errors = document.errors.map((error) => ({ line: lineOf(error.pos[0]), message: error.message }));

  let aliases = 0;

  const locate = (node: unknown, line: number): Located => {
    if (isAlias(node)) {
      aliases++;
      if (aliases <= ALIASES_MAX) return locate(node.resolve(document), line);
      if (aliases === ALIASES_MAX + 1)
        errors.push({
          line,
          message: `more than ${ALIASES_MAX} aliases (*${node.source}), or one that holds itself`,
        });
      return { kind: "scalar", line, value: null };
    }
    if (isMap(node)) {
      const entries = new Map<string, Located>();
      for (const pair of node.items as Pair<Node, Node | null>[]) {
        const at = lineOf(pair.key.range?.[0]);
        const key = isScalar(pair.key) ? String(pair.key.value) : pair.key.toString();
        if (key === "__proto__") errors.push({ line: at, message: "a key named __proto__" });
        else entries.set(key, locate(pair.value, at));
      }
      return { kind: "map", line, entries };
    }
    if (isSeq(node)) {
      const items = (node.items as (Node | null)[]).map((item) => locate(item, lineOf(item?.range?.[0])));
      return { kind: "list", line, items };
    }
    return { kind: "scalar", line, value: isScalar(node) ? scalarValue(node.value) : null };
  };
  const root = locate(document.contents, 1);
  return { root, errors };
}

function scalarValue(value: unknown): string | number | boolean | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "string") return value;
  return JSON.stringify(value);
}

/** The value without its lines. */
export function plain(located: Located): Json {
  switch (located.kind) {
    case "map":
      return Object.fromEntries([...located.entries].map(([key, value]) => [key, plain(value)]));
    case "list":
      return located.items.map(plain);
    case "scalar":
      return located.value;
  }
}

/** Gives a plain value (of the engine, of the defaults) one line for all of it. */
export function locateAll(value: unknown, line: number): Located {
  if (Array.isArray(value)) return { kind: "list", line, items: value.map((item) => locateAll(item, line)) };
  if (typeof value === "object" && value !== null) {
    return {
      kind: "map",
      line,
      entries: new Map(Object.entries(value).map(([k, v]) => [k, locateAll(v, line)])),
    };
  }
  return { kind: "scalar", line, value: scalarValue(value) };
}
