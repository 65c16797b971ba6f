import { kindName } from "../built-in.ts";
import type { Problem } from "../config/problem.ts";
import type { Zone } from "../config/zone.ts";
import type { RenderedApp } from "./render.ts";

/**
 * Keeps every object with the first app that declares it, and reports the others. Namespaces may be declared by many: they
 * belong to the zone.
 */
export function withOneOwner(
  zone: Zone,
  apps: readonly RenderedApp[],
): { apps: RenderedApp[]; problems: Problem[] } {
  const owners = new Map<string, string>();
  const problems: Problem[] = [];
  const kept = apps.map((rendered) => {
    const objects = rendered.objects.filter((object) => {
      if (object.kind === "Namespace") return true;
      const { namespace = "", name } = object.metadata;
      const id = `${kindName(object)}/${namespace}/${name}`;
      const owner = owners.get(id);
      if (owner === undefined) {
        owners.set(id, rendered.app);
        return true;
      }
      const origin = zone.origins.nearest(`apps.${rendered.app}.namespace`);
      problems.push({
        ...{ code: "GZ106", severity: "error", zone: zone.name, path: `${rendered.app}/${id}` },
        ...{ file: origin?.file ?? `Pulumi.${zone.name}.yaml`, line: origin?.line ?? 0 },
        message: `wanted one owner of ${id}, got ${owner} and ${rendered.app}`,
        fix: namespace === "" ? "give one of the two another name" : "give one of the apps another namespace",
      });
      return false;
    });
    return { ...rendered, objects };
  });
  return { apps: kept, problems };
}
