import type { KubernetesObject } from "../../plan/object.ts";
import type { Zone } from "../../plan/config/zone.ts";
import type { Release } from "../releases/release.ts";

/** One GPU component: its name is the owner in logical names, its objects are a pure function of the zone. */
export interface Operand {
  readonly name: string;
  readonly manifests: (zone: Zone, release: Release) => KubernetesObject[];
}

/** Namespace of all operands; their names and labels in it are a contract between them. */
export const GPU_NAMESPACE = "gpu-operator";
