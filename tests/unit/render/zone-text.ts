import { parseLocated } from "../../../plan/config/document.ts";
import { resolveZone } from "../../../plan/config/load.ts";
import { formatProblem } from "../../../plan/config/problem.ts";
import type { Zone } from "../../../plan/config/zone.ts";

/** A zone of one layer, `Pulumi.zone-x.yaml`, from its keys without prefix. Lines count from the text's first. */
export function zoneOf(text: string, name = "zone-x"): Zone {
  const layer = { name, file: `Pulumi.${name}.yaml`, root: parseLocated(text).root };
  const { zone, problems } = resolveZone(name, [layer]);
  if (zone === undefined) throw new Error(problems.map(formatProblem).join("\n"));
  return zone;
}
