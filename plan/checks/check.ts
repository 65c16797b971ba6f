import type { Problem } from "../config/problem.ts";
import type { Zone } from "../config/zone.ts";
import type { PlannedObject } from "../planned-object.ts";

/** What a check sees: files' content only, never a cluster. */
export interface CheckInput {
  readonly zone: Zone;
  readonly objects: readonly PlannedObject[];
}

/** One rule; it reports everything it finds and changes nothing. */
export type Check = (input: CheckInput) => Problem[];

/** The place to point at for an object: the line that puts its app on the zone. */
export function objectPlace(
  zone: Zone,
  { owner, id }: PlannedObject,
): Pick<Problem, "zone" | "path" | "file" | "line"> {
  const origin = zone.origins.nearest(`apps.${owner}`);
  return {
    zone: zone.name,
    path: id,
    file: origin?.file ?? `components/operands/${owner}.ts`,
    line: origin?.line ?? 0,
  };
}

/** The place of a configuration value. */
export function configPlace(zone: Zone, path: string): Pick<Problem, "zone" | "path" | "file" | "line"> {
  const origin = zone.origins.nearest(path);
  return { zone: zone.name, path, file: origin?.file ?? `Pulumi.${zone.name}.yaml`, line: origin?.line ?? 0 };
}
