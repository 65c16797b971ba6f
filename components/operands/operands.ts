import type { Zone } from "../../plan/config/zone.ts";
import type { KubernetesObject } from "../../plan/object.ts";
import { RELEASES } from "../releases/releases.ts";
import { devicePlugin } from "./device-plugin.ts";
import { driver } from "./driver.ts";
import { labeller } from "./labeller.ts";
import type { Operand } from "./operand.ts";
import { runtimeClasses } from "./runtime-classes.ts";

/** The operands in the order in which a node needs them. */
const OPERANDS: readonly Operand[] = [runtimeClasses, labeller, driver, devicePlugin];

export interface OperandObjects {
  readonly name: string;
  readonly objects: readonly KubernetesObject[];
}

/** Every operand's objects for a zone; none when somebody else runs its GPU stack. */
export function operandObjects(zone: Zone): OperandObjects[] {
  if (!zone.gpu.managed) return [];
  const release = RELEASES[zone.gpu.release];
  return OPERANDS.map(({ name, manifests }) => ({ name, objects: manifests(zone, release) }));
}
