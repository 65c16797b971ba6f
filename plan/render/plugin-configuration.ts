import { parseAllDocuments } from "yaml";
import { foldCase } from "./kustomization-fields.ts";
import { isRemote } from "./remote.ts";

/** Keys under which kustomize's built-in plugins name files. */
const FILE_KEYS = new Set(["path", "paths", "files", "env", "envs"]);

/**
 * What may not stand among `generators`, `transformers` and `validators`: everything but kustomize's built-in ones.
 * @param text YAML documents
 */
export function pluginRefusals(text: string): string[] {
  return parseAllDocuments(text, { logLevel: "error" }).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) return [`a plugin configuration that is no YAML: ${error.message}`];
    try {
      return refusals(document.toJS() as unknown);
    } catch (failure) {
      // More aliases than a person writes.
      return [`a plugin configuration that cannot be read: ${(failure as Error).message}`];
    }
  });
}

function refusals(plugin: unknown): string[] {
  if (plugin === null || plugin === undefined) return [];
  if (Array.isArray(plugin)) return plugin.flatMap(refusals);
  if (typeof plugin !== "object") return [`the plugin configuration ${JSON.stringify(plugin)}`];
  const { apiVersion, kind, metadata, items } = plugin as Record<string, unknown>;
  if (Array.isArray(items)) return items.flatMap(refusals);
  const name = `${String(kind)} (${String(apiVersion)})`;
  const annotations = Object.keys(
    (metadata as { annotations?: Record<string, unknown> } | undefined)?.annotations ?? {},
  );
  if (annotations.some((key) => /^config\.(kubernetes|k8s)\.io\/function$/.test(key)))
    return [`the function ${name}, which runs a program or a container`];
  if (apiVersion !== "builtin") return [`the plugin ${name}, which runs a program`];
  if (/helm/i.test(String(kind))) return [`${name}, which downloads charts and runs helm`];
  return fileNames(plugin)
    .filter((file) => isRemote(file))
    .map((file) => `${file}, which is fetched from elsewhere`);
}

function fileNames(value: unknown, isName = false): string[] {
  if (typeof value === "string") return isName ? [value.slice(value.indexOf("=") + 1)] : [];
  if (Array.isArray(value)) return value.flatMap((item) => fileNames(item, isName));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => fileNames(child, FILE_KEYS.has(foldCase(key))));
}
