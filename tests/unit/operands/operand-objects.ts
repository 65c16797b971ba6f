import assert from "node:assert/strict";
import type { V1Container, V1DaemonSet, V1PodSpec } from "@kubernetes/client-node";
import type { Operand } from "../../../components/operands/operand.ts";
import { RELEASES } from "../../../components/releases/releases.ts";
import type { Zone } from "../../../plan/config/zone.ts";
import type { KubernetesObject } from "../../../plan/object.ts";
import { zoneOf } from "../render/zone-text.ts";

/** A zone, or its keys as text. */
export type ZoneLike = string | Zone;

/** What an operand makes of a zone. */
export function objectsOf(operand: Operand, zone: ZoneLike): KubernetesObject[] {
  return operand.manifests(typeof zone === "string" ? zoneOf(zone) : zone, RELEASES["26.7"]);
}

/** `<kind> <name>` of each object. */
export function namesOf(objects: readonly KubernetesObject[]): string[] {
  return objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
}

/** The operand's one DaemonSet. */
export function daemonSetOf(operand: Operand, zone: ZoneLike): V1DaemonSet {
  const found = objectsOf(operand, zone).filter(({ kind }) => kind === "DaemonSet");
  assert.equal(found.length, 1);
  return found[0] as unknown as V1DaemonSet;
}

export function podOf(operand: Operand, zone: ZoneLike): V1PodSpec {
  const spec = daemonSetOf(operand, zone).spec?.template.spec;
  assert.ok(spec !== undefined);
  return spec;
}

/** All containers of the pod, those that come first first. */
export function containersOf(pod: V1PodSpec): V1Container[] {
  return [...(pod.initContainers ?? []), ...pod.containers];
}

export function containerOf(pod: V1PodSpec, name: string): V1Container {
  const found = containersOf(pod).find((each) => each.name === name);
  assert.ok(found !== undefined, `no container ${name}`);
  return found;
}

/** Values of the container's variables; of one that is a field of the pod, the field. */
export function envOf(pod: V1PodSpec, name: string): Record<string, string | undefined> {
  return Object.fromEntries(
    (containerOf(pod, name).env ?? []).map((each) => [
      each.name,
      each.value ?? each.valueFrom?.fieldRef?.fieldPath,
    ]),
  );
}

/** What the container sees at a path: a path of the host, a ConfigMap, or `emptyDir`. */
export function mountOf(pod: V1PodSpec, name: string, path: string): string | undefined {
  const mount = containerOf(pod, name).volumeMounts?.find(({ mountPath }) => mountPath === path);
  const volume = pod.volumes?.find((each) => each.name === mount?.name);
  return volume?.hostPath?.path ?? volume?.configMap?.name ?? (volume?.emptyDir && "emptyDir");
}

/** Every volume is mounted, and what is mounted is there. */
export function assertVolumesFit(pod: V1PodSpec): void {
  const mounted = containersOf(pod).flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name));
  const volumes = (pod.volumes ?? []).map(({ name }) => name);
  assert.deepEqual([...new Set(mounted)].toSorted(), volumes.toSorted());
}

/** A pool of one node, with more keys as YAML. */
export function poolText(name: string, more = "", product = "NVIDIA-A100-PCIE-40GB"): string {
  const keys = `product: ${product}, gpusPerNode: 1, os: ubuntu22.04, nodes: [${name}-1]`;
  return `  ${name}: { ${keys}${more === "" ? "" : `, ${more}`} }\n`;
}

export function poolsText(...pools: readonly string[]): string {
  return `nodePools:\n${pools.join("")}`;
}

/** The zone with keys of its own for a pool, whatever the schema takes today. */
export function withPool(zone: Zone, name: string, keys: Readonly<Record<string, unknown>>): Zone {
  const pool = zone.nodePools[name];
  assert.ok(pool !== undefined);
  return { ...zone, nodePools: { ...zone.nodePools, [name]: { ...pool, ...keys } } };
}

/** The zone with keys of its own for its GPU stack, whatever the schema takes today. */
export function withGpu(zone: Zone, keys: Readonly<Record<string, unknown>>): Zone {
  return { ...zone, gpu: { ...zone.gpu, ...keys } };
}
