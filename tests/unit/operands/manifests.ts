import assert from "node:assert/strict";
import type { V1Container, V1PodSpec, V1PodTemplateSpec, V1PolicyRule } from "@kubernetes/client-node";
import type { Operand } from "../../../components/operands/operand.ts";
import { RELEASES } from "../../../components/releases/releases.ts";
import type { KubernetesObject } from "../../../plan/object.ts";
import { podTemplate } from "../../../plan/workload.ts";
import { zoneOf } from "../render/zone-text.ts";

/** What an operand makes of a zone's keys, release 26.7. */
export function manifests(operand: Operand, zone: string): KubernetesObject[] {
  return operand.manifests(zoneOf(zone), RELEASES["26.7"]);
}

/** `Kind/name` of each object. */
export function names(objects: readonly KubernetesObject[]): string[] {
  return objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
}

export function find(objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject {
  const found = objects.find((each) => each.kind === kind && each.metadata.name === name);
  assert.ok(found !== undefined, `no ${kind} ${name} in ${names(objects).join(", ")}`);
  return found;
}

export function template(
  object: KubernetesObject,
): Pick<V1PodTemplateSpec, "metadata"> & { spec: V1PodSpec } {
  const { metadata = {}, spec } = podTemplate(object) ?? {};
  assert.ok(spec !== undefined);
  return { metadata, spec };
}

/** The first container of a workload's pods. */
export function container(object: KubernetesObject): V1Container {
  const [first] = template(object).spec.containers;
  assert.ok(first !== undefined);
  return first;
}

/** The container's variables that have values of their own. */
export function variables({ env = [] }: V1Container): Record<string, string> {
  return Object.fromEntries(env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));
}

/** Every right that roles in the objects give, as `verb group/resource`; the roles' kinds are left out. */
export function rights(objects: readonly KubernetesObject[]): string[] {
  const rules = objects.flatMap(({ kind, rules: own }) =>
    kind === "ClusterRole" || kind === "Role" ? (own as V1PolicyRule[]) : [],
  );
  return rules
    .flatMap(({ apiGroups = [], resources = [], verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
      ),
    )
    .toSorted();
}

/** Volumes that are mounted and not there, or there and not mounted: none in a pod that is right. */
export function strayVolumes(object: KubernetesObject): string[] {
  const { volumes = [], containers, initContainers = [] } = template(object).spec;
  const mounted = new Set(
    [...containers, ...initContainers].flatMap(({ volumeMounts = [] }) =>
      volumeMounts.map(({ name }) => name),
    ),
  );
  const there = new Set(volumes.map(({ name }) => name));
  return [
    ...[...mounted].filter((name) => !there.has(name)),
    ...[...there].filter((name) => !mounted.has(name)),
  ];
}

/** The taint of a pool, as a node of it carries it. */
export const TAINTED =
  "nodePools: { p: { product: Tesla-T4, gpusPerNode: 1, os: ubuntu22.04, nodes: [n], taints: [{ key: team, value: a, effect: NoExecute }] } }\n";
export const ITS_TOLERATION = { key: "team", operator: "Equal", value: "a", effect: "NoExecute" };
