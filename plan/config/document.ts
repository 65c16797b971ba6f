import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type Pair,
  type Scalar,
} from "yaml";
import type { Json } from "../object.ts";
import { isUnsure } from "./number-text.ts";
import { syntaxWords } from "./syntax.ts";

export interface LocatedScalar {
  readonly kind: "scalar";
  readonly line: number;
  readonly value: string | number | boolean | null;
  /** The text of a number that does not survive being read (1.10), or that Pulumi reads as another (010). */
  readonly source?: string;
  /** A secure value where none may be; the value only stands for it. */
  readonly hidden?: true;
}

/** A value of a YAML file with the line it stands on. */
export type Located =
  | { readonly kind: "map"; readonly line: number; readonly entries: ReadonlyMap<string, Located> }
  | { readonly kind: "list"; readonly line: number; readonly items: readonly Located[] }
  | LocatedScalar;

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
  // Duplicate keys are told by us, who know their name.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const lineOf = (offset: number | undefined): number =>
    offset === undefined ? 1 : lines.linePos(offset).line;
  const [broken] = document.errors;
  // What follows from the first error would send a person to the wrong line.
  if (broken !== undefined)
    return {
      root: { kind: "scalar", line: 1, value: null },
      errors: [{ line: lineOf(broken.pos[0]), message: syntaxWords(broken, text) }],
    };
  const warnings = document.warnings.map((warning) => ({
    line: lineOf(warning.pos[0]),
    message: syntaxWords(warning, text),
  }));
  const locator = new Locator(document, lineOf);
  const root = locator.locate(document.contents, 1);
  return { root, errors: [...warnings, ...locator.errors].toSorted((a, b) => a.line - b.line) };
}

class Locator {
  readonly errors: SyntaxError[] = [];
  readonly #document: Document;
  readonly #lineOf: (offset: number | undefined) => number;
  #aliases = 0;

  constructor(document: Document, lineOf: (offset: number | undefined) => number) {
    this.#document = document;
    this.#lineOf = lineOf;
  }

  locate(node: unknown, line: number): Located {
    if (isAlias(node)) return this.#alias(node, line);
    if (isMap(node))
      return { kind: "map", line, entries: this.#entries(node.items as Pair<Node, Node | null>[]) };
    if (isSeq(node)) {
      const items = (node.items as (Node | null)[]).map((item) =>
        this.locate(item, this.#lineOf(item?.range?.[0])),
      );
      return { kind: "list", line, items };
    }
    return { kind: "scalar", line, ...(isScalar(node) ? scalar(node) : { value: null }) };
  }

  #alias(node: { source: string; resolve: (document: Document) => unknown }, line: number): Located {
    const nothing: Located = { kind: "scalar", line, value: null };
    this.#aliases++;
    if (this.#aliases > ALIASES_MAX) {
      if (this.#aliases === ALIASES_MAX + 1)
        this.#report(line, `more than ${ALIASES_MAX} aliases (*${node.source}), or one that holds itself`);
      return nothing;
    }
    const target = node.resolve(this.#document);
    if (target !== undefined) return this.locate(target, line);
    this.#report(line, `alias *${node.source} has no anchor &${node.source} before it`);
    return nothing;
  }

  #entries(pairs: readonly Pair<Node, Node | null>[]): Map<string, Located> {
    const entries = new Map<string, Located>();
    for (const pair of pairs) {
      const at = this.#lineOf(pair.key.range?.[0]);
      const key = isScalar(pair.key) ? keyText(pair.key) : pair.key.toString();
      const first = entries.get(key);
      if (first !== undefined) this.#report(at, `key ${key} twice, first in line ${first.line}`);
      else if (key === "__proto__") this.#report(at, "a key named __proto__");
      else entries.set(key, this.locate(pair.value, at));
    }
    return entries;
  }

  #report(line: number, message: string): void {
    this.errors.push({ line, message });
  }
}

function keyText({ value, source, type }: Scalar): string {
  return type === "PLAIN" && source !== undefined ? source : String(value);
}

function scalar({ value, source, type }: Scalar): Pick<LocatedScalar, "value" | "source"> {
  const read = scalarValue(value);
  if (type !== "PLAIN" || source === undefined || !isUnsure(source, read)) return { value: read };
  return { value: read, source };
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

/** The entries of a map; none of anything else. */
export function entriesOf(node: Located | undefined): ReadonlyMap<string, Located> {
  return node?.kind === "map" ? node.entries : new Map<string, Located>();
}

/** Every scalar below a value, with its config path. */
export function scalarsOf(node: Located, path = ""): [path: string, scalar: LocatedScalar][] {
  const below = (key: string | number): string => (path === "" ? String(key) : `${path}.${key}`);
  switch (node.kind) {
    case "map":
      return [...node.entries].flatMap(([key, each]) => scalarsOf(each, below(key)));
    case "list":
      return node.items.flatMap((each, index) => scalarsOf(each, below(index)));
    case "scalar":
      return [[path, node]];
  }
}
