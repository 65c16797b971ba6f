import { parseAllDocuments, visit, type Document } from "yaml";
import type { KubernetesObject } from "../object.ts";
import { BuildError } from "./kustomize.ts";

/**
 * Reads what kustomize writes: one object per document, lists taken apart, order and numbers as they stand.
 * @throws BuildError for text that does not come through YAML unharmed
 */
export function parseManifests(text: string): KubernetesObject[] {
  if (/[\u2028\u2029]/.test(text)) {
    // kustomize breaks the line there, as YAML 1.1 has it; a reader of YAML 1.2 finds its indentation in the text.
    throw new BuildError(
      "text with a line separator (U+2028 or U+2029), which YAML does not keep: write it escaped, or as binaryData",
    );
  }
  refuseLargeNumbers(text);
  // kustomize wrote it: keys are unique, and checking that is half of the parser's time.
  const documents = parseAllDocuments(text, { uniqueKeys: false, logLevel: "error" });
  return documents.flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new BuildError(`YAML that cannot be read: ${error.message}`);
    return flatten(valueOf(document));
  });
}

function valueOf(document: Document): KubernetesObject | null {
  try {
    return document.toJS() as KubernetesObject | null;
  } catch (error) {
    throw new BuildError(`YAML that cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** Digits enough that a number may be none that JSON carries unharmed; text of that kind is looked at again. */
const MAYBE_TOO_LARGE = /\b(?:\d{16,}|0x[0-9a-f]{14,}|0o[0-7]{18,})\b/i;

/** Refuses whole numbers beyond 2^53: they would come out as others. */
function refuseLargeNumbers(text: string): void {
  if (!MAYBE_TOO_LARGE.test(text)) return;
  for (const document of parseAllDocuments(text, {
    uniqueKeys: false,
    logLevel: "error",
    intAsBigInt: true,
  })) {
    visit(document, {
      Scalar(_key, { value, source }) {
        if (typeof value === "bigint" && !Number.isSafeInteger(Number(value)))
          throw new BuildError(
            `the number ${source ?? String(value)}, which is beyond 2^53 and would come out as another: write it as text, in quotes`,
          );
      },
    });
  }
}

function flatten(object: KubernetesObject | null): KubernetesObject[] {
  if (object === null) return [];
  const items = object["items"];
  if (object.kind.endsWith("List") && Array.isArray(items)) {
    return (items as KubernetesObject[]).flatMap(flatten);
  }
  return [object];
}

/** Objects as a file that kustomize reads. */
export function writeManifests(objects: readonly KubernetesObject[]): string {
  return objects.map(asYaml).join("\n---\n");
}

/**
 * A value as YAML that every reader takes for the same. It is JSON: kustomize reads YAML 1.1, in which a bare `yes`, `1_000`
 * or `2020-01-01` is no text. What JSON leaves bare and YAML forbids, or breaks lines at, is escaped.
 */
export function asYaml(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
