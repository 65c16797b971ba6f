import type { V1EnvVar } from "@kubernetes/client-node";
import type { OperandSettings } from "../../plan/config/schema/gpu.ts";
import { imageName, type Image } from "../releases/release.ts";

/** The image that an operand runs: the release's, unless the zone's config names another repository or tag. */
export function operandImage(
  own: Pick<OperandSettings, "image" | "version"> | undefined,
  pinned: Image,
): string {
  return imageName({ repository: own?.image ?? pinned.repository, tag: own?.version ?? pinned.tag });
}

/** The zone's variables replace those of their name: the API server refuses a list that names one twice. */
export function environment(ours: readonly V1EnvVar[], own: readonly V1EnvVar[]): V1EnvVar[] {
  return [...new Map([...ours, ...own].map((variable) => [variable.name, variable])).values()];
}
