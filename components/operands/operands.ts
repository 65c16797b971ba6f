import type { Zone } from "../../plan/config/zone.ts";
import type { KubernetesObject } from "../../plan/object.ts";
import type { Release } from "../releases/release.ts";
import { RELEASES } from "../releases/releases.ts";
import { dcgmExporter } from "./dcgm-exporter.ts";
import { containerToolkit } from "./container-toolkit.ts";
import { devicePlugin } from "./device-plugin.ts";
import { gpuFeatureDiscovery } from "./gpu-feature-discovery.ts";
import { driver } from "./driver.ts";
import { labeller } from "./labeller.ts";
import { migManager } from "./mig-manager.ts";
import { mpsControlDaemon } from "./mps-control-daemon.ts";
import { nodeFeatureDiscovery } from "./node-feature-discovery.ts";
import { nodeStatusExporter } from "./node-status-exporter.ts";
import type { Operand } from "./operand.ts";
import { operatorValidator } from "./operator-validator.ts";
import { runtimeClasses } from "./runtime-classes.ts";

/** The operands in the order in which a node needs them. */
export const OPERANDS: readonly Operand[] = [
  nodeFeatureDiscovery,
  runtimeClasses,
  labeller,
  driver,
  containerToolkit,
  operatorValidator,
  devicePlugin,
  mpsControlDaemon,
  dcgmExporter,
  gpuFeatureDiscovery,
  migManager,
  nodeStatusExporter,
];

export interface OperandObjects {
  readonly name: string;
  readonly objects: readonly KubernetesObject[];
}

/** Every operand's objects for a zone; none when somebody else runs its GPU stack. */
export function operandObjects(zone: Zone): OperandObjects[] {
  return zone.gpu.managed ? OPERANDS.map((operand) => objectsOf(zone, operand)) : [];
}

/** One operand's objects, as the zone's release has them. */
export function objectsOf(zone: Zone, { name, manifests }: Operand): OperandObjects {
  return { name, objects: manifests(zone, releaseOf(zone)) };
}

/** The zone's release; what runs in the operator's image is in the image of the zone's validator. */
export function releaseOf({ gpu }: Zone): Release {
  const pinned = RELEASES[gpu.release];
  const { repository, tag } = pinned.operator;
  const operator = { repository: gpu.validator?.image ?? repository, tag: gpu.validator?.version ?? tag };
  return { ...pinned, operator };
}
