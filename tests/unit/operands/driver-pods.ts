import assert from "node:assert/strict";
import type { V1DaemonSet, V1PodSpec } from "@kubernetes/client-node";
import { driver } from "../../../components/operands/driver.ts";
import { objectsOf } from "./operand-objects.ts";

export const DRIVER = "nvidia-driver-ctr";
export const MANAGER = "k8s-driver-manager";

function pool(name: string, more: string): string {
  const os = /(^|[ ,])os:/.test(more) ? "" : ", os: ubuntu22.04";
  return `  ${name}: { product: NVIDIA-A100-PCIE-40GB, gpusPerNode: 1, nodes: [${name}]${os}${more === "" ? "" : `, ${more}`} }\n`;
}

export function pools(...texts: string[]): string {
  return `nodePools:\n${texts.map((text, index) => pool(`p${index}`, text)).join("")}`;
}

export function sets(zone: string): V1DaemonSet[] {
  return objectsOf(driver, zone).filter(({ kind }) => kind === "DaemonSet");
}

export function set(zone: string): V1DaemonSet {
  const [first, ...more] = sets(zone);
  assert.ok(first !== undefined && more.length === 0);
  return first;
}

export function pod(zone: string): V1PodSpec {
  const spec = set(zone).spec?.template.spec;
  assert.ok(spec !== undefined);
  return spec;
}

export const names = (zone: string): (string | undefined)[] =>
  sets(zone).map(({ metadata }) => metadata?.name);
export const one = pools("");
export const gpu = (settings: string): string => `${one}gpu: { driver: ${settings} }\n`;
