/** One operation of a JSON patch (RFC 6902). */
export type Operation =
  | { readonly op: "test" | "add" | "replace"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string };

/** A JSON pointer below another: `~` and `/` in the parts are escaped. */
export function pointer(parent: string, ...parts: readonly (string | number)[]): string {
  return [parent, ...parts.map((part) => String(part).replaceAll("~", "~0").replaceAll("/", "~1"))].join("/");
}

/** A text as a regular expression that matches itself and nothing else: kustomize reads names in patch targets as patterns. */
export function literally(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
