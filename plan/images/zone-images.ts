import type { PlannedObject } from "../planned-object.ts";
import { mirrored } from "./mirror.ts";
import { objectImages } from "./object-images.ts";

/** An image that a zone's nodes pull. */
export interface ZoneImage {
  /** As its publisher names it. */
  readonly image: string;
  /** The name under which it is pulled; null where the zone has no mirror. */
  readonly mirrored: string | null;
  /** Apps and operands, in alphabetical order. */
  readonly owners: readonly string[];
  /** True for one that no object runs: an operand starts pods of it by itself. */
  readonly started: boolean;
}

/**
 * Every image of a zone, in alphabetical order.
 * @param objects of a plan without the mirror
 */
export function zoneImages(
  objects: readonly Pick<PlannedObject, "owner" | "object">[],
  mirror: string | undefined,
): ZoneImage[] {
  const found = new Map<string, { owners: Set<string>; started: boolean }>();
  for (const { owner, object } of objects) {
    for (const { image, use } of objectImages(object)) {
      const entry = found.get(image) ?? { owners: new Set(), started: true };
      entry.owners.add(owner);
      if (use === "runs") entry.started = false;
      found.set(image, entry);
    }
  }
  return [...found]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([image, { owners, started }]) => ({
      image,
      mirrored: mirror === undefined ? null : mirrored(image, mirror),
      owners: [...owners].toSorted(),
      started,
    }));
}
