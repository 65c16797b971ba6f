import { configPlace } from "../checks/check.ts";
import type { Problem } from "../config/problem.ts";
import type { Zone } from "../config/zone.ts";
import { published } from "./mirror.ts";
import type { ZoneImage } from "./zone-images.ts";

/**
 * Images of two registries that have one name in the zone's mirror: it can hold one of them, and pods of the other would
 * run it. A digest is of one image wherever it lies; what is named in the mirror itself is taken for what lies there.
 */
export function mirrorCollisions(zone: Zone, images: readonly ZoneImage[]): Problem[] {
  const alike = new Map<string | null, ZoneImage[]>();
  for (const each of images)
    if (each.image !== each.mirrored && !each.image.includes("@"))
      alike.set(each.mirrored, [...(alike.get(each.mirrored) ?? []), each]);
  return [...alike].flatMap(([name, all]) => {
    if (name === null || new Set(all.map(({ image }) => published(image))).size < 2) return [];
    const each = all.map(({ image, owners }) => `${image} (of ${owners.join(", ")})`).join(" and ");
    return [
      {
        ...configPlace(zone, "images.mirror"),
        code: "GZ231" as const,
        severity: "error" as const,
        message: `wanted images that have each a name of its own in the mirror, got ${name} for ${each}`,
        fix: "name one of them by its digest (@sha256:…), or by its own name in the mirror, where it lies at another path",
      },
    ];
  });
}
