import type { Located } from "./document.ts";
import type { Layer } from "./layers.ts";
import type { Problem } from "./problem.ts";

/** What stands for a secret that may not be where it is, so that it is never printed. */
const HIDDEN = "[secret]";

const FIX =
  "take it out: gpu-zones:secrets, the one place for secrets, is not yet; let the app read a Secret that the cluster has";

/** Takes out, and reports, secure values outside `secrets`. */
export function withoutSecrets(zone: string, layer: Layer, problems: Problem[]): Layer {
  const walk = (node: Located, path: string): Located => {
    if (node.kind === "scalar" || path === "secrets") return node;
    if (node.kind === "list")
      return { ...node, items: node.items.map((item, index) => walk(item, `${path}.${index}`)) };
    const line = path === "" ? undefined : secureLine(node.entries);
    if (line === undefined) {
      const below = [...node.entries].map(
        ([key, value]) => [key, walk(value, path === "" ? key : `${path}.${key}`)] as const,
      );
      return { ...node, entries: new Map(below) };
    }
    problems.push({
      ...{ code: "GZ008", severity: "error", zone, path, file: layer.file, line },
      message: `wanted secrets under gpu-zones:secrets only, got a secure value at ${path}`,
      fix: FIX,
    });
    return { kind: "scalar", line, value: HIDDEN, hidden: true };
  };
  return { ...layer, root: walk(layer.root, "") };
}

/** A secure value is a map of the one key `secure` with text, to Pulumi and to us; its line, if it is one. */
function secureLine(entries: ReadonlyMap<string, Located>): number | undefined {
  const value = entries.get("secure");
  return entries.size === 1 && value?.kind === "scalar" && typeof value.value === "string"
    ? value.line
    : undefined;
}

/** A key whose value the engine keeps secret: all of it is, so nothing of it is taken. */
export function secretOfEngine(zone: string, key: string, file: string): Problem {
  return {
    ...{ code: "GZ008", severity: "error", zone, path: key, file, line: 0 },
    message: `wanted secrets under gpu-zones:secrets only, got a secret at gpu-zones:${key}`,
    fix: FIX,
  };
}
