import { isClusterKind } from "../built-in.ts";
import type { AppSource } from "./app-source.ts";

/**
 * Apps that one process may build. kustomize resolves names, variables and schemas over all that it builds, so an app whose
 * kustomizations change any of these is built alone: together and alone must come out the same.
 * @returns groups in the order of their first apps; apps keep their order
 */
export function buildGroups(sources: readonly AppSource[]): AppSource[][] {
  const together: AppSource[] = [];
  const groups: AppSource[][] = [];
  for (const source of sources) {
    const group = staysAlone(source, sources) ? [] : together;
    group.push(source);
    if (group.length === 1) groups.push(group);
  }
  return groups;
}

function staysAlone(source: AppSource, all: readonly AppSource[]): boolean {
  // A patch with options may change a name, or a kind.
  if (source.effects.has("shared") || source.patches.some((patch) => "options" in patch)) return true;
  if (!source.effects.has("generates")) return false;
  // A generated name reaches whoever names it in its namespace, and what lives in none.
  return all.some(
    (other) =>
      other !== source &&
      (other.settings.namespace === source.settings.namespace || [...other.kinds].some(isClusterKind)),
  );
}
