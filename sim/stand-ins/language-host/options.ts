import type { JsonMap } from "../plugin/protobuf.ts";

/** What `runtime.options` of Pulumi.yaml says to the host. */
export interface RuntimeOptions {
  /** Load the program through ts-node; default true. */
  typescript: boolean;
  /** Arguments for node itself, before the program; default none. */
  nodeArgs: string[];
}

/** Reads `runtime.options`. Throws when an option has the wrong type or is one that this stand-in does not know. */
export function readOptions(options: JsonMap): RuntimeOptions {
  const read: RuntimeOptions = { typescript: true, nodeArgs: [] };
  for (const [key, value] of Object.entries(options)) {
    if (key === "typescript") {
      if (typeof value !== "boolean")
        throw new Error(`runtime.options.typescript must be true or false, got ${JSON.stringify(value)}`);
      read.typescript = value;
    } else if (key === "nodeargs") {
      if (typeof value !== "string")
        throw new Error(`runtime.options.nodeargs must be a string, got ${JSON.stringify(value)}`);
      read.nodeArgs = splitWords(value);
    } else if (key === "packagemanager" && value !== "npm") {
      throw new Error(
        `runtime.options.packagemanager: the stand-in host only knows npm, got ${JSON.stringify(value)}`,
      );
    }
  }
  return read;
}

/** Splits a command line into words as a shell does: blanks separate, quotes and backslashes protect. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let index = 0; index < line.length; index += 1) {
    const char = line.charAt(index);
    if (quote !== undefined) {
      if (char === quote) quote = undefined;
      else if (char === "\\" && quote === '"' && index + 1 < line.length)
        word = (word ?? "") + line.charAt((index += 1));
      else word = (word ?? "") + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= "";
    } else if (char === "\\" && index + 1 < line.length) {
      word = (word ?? "") + line.charAt((index += 1));
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + char;
    }
  }
  if (quote !== undefined)
    throw new Error(`runtime.options.nodeargs has an open ${quote} in ${JSON.stringify(line)}`);
  if (word !== undefined) words.push(word);
  return words;
}
