import { isBuiltIn } from "./built-in.ts";
import type { KubernetesObject } from "./object.ts";
import { canonicalQuantity } from "./quantity.ts";

const RESOURCES = ["resources.limits.*", "resources.requests.*"];

/** Where quantities stand in a pod spec: keys by dots; `*` is every entry of a map or list. */
const POD = [
  ...["containers", "initContainers", "ephemeralContainers"].flatMap((list) =>
    [...RESOURCES, "env.*.valueFrom.resourceFieldRef.divisor"].map((path) => `${list}.*.${path}`),
  ),
  ...RESOURCES,
  "overhead.*",
  "volumes.*.emptyDir.sizeLimit",
  ...RESOURCES.map((path) => `volumes.*.ephemeral.volumeClaimTemplate.spec.${path}`),
  "volumes.*.downwardAPI.items.*.resourceFieldRef.divisor",
  "volumes.*.projected.sources.*.downwardAPI.items.*.resourceFieldRef.divisor",
];

const TEMPLATE = below("spec.template.spec", POD);

/** Where quantities stand in the kinds that every API server serves. */
const PATHS: ReadonlyMap<string, readonly string[]> = new Map([
  ["Pod", below("spec", POD)],
  ...["Deployment", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"].map(
    (kind) => [kind, TEMPLATE] as const,
  ),
  ["StatefulSet", [...TEMPLATE, ...below("spec.volumeClaimTemplates.*.spec", RESOURCES)]],
  ["CronJob", below("spec.jobTemplate.spec.template.spec", POD)],
  ["PodTemplate", below("template.spec", POD)],
  ["PersistentVolumeClaim", below("spec", RESOURCES)],
  ["PersistentVolume", ["spec.capacity.*"]],
  ["ResourceQuota", ["spec.hard.*"]],
  [
    "LimitRange",
    ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"].map(
      (key) => `spec.limits.*.${key}.*`,
    ),
  ],
  ["RuntimeClass", ["overhead.podFixed.*"]],
  [
    "HorizontalPodAutoscaler",
    ["resource", "containerResource", "pods", "object", "external"].flatMap((source) =>
      ["value", "averageValue"].map((key) => `spec.metrics.*.${source}.target.${key}`),
    ),
  ],
]);

function below(parent: string, paths: readonly string[]): string[] {
  return paths.map((path) => `${parent}.${path}`);
}

/**
 * Writes every quantity as the API server will store it. Server-side apply knows a quantity as number or text: 1 and "1" are
 * two values, and a refresh would find every object changed.
 */
export function withCanonicalQuantities(object: KubernetesObject): KubernetesObject {
  const paths = isBuiltIn(object) ? (PATHS.get(object.kind) ?? []) : [];
  return paths.reduce((whole, path) => rewritten(whole, path.split(".")) as KubernetesObject, object);
}

/** A copy in which what stands at the path is canonical; the value itself where nothing stands there. */
function rewritten(value: unknown, path: readonly string[], ofList = false): unknown {
  const [key, ...rest] = path;
  if (key === undefined) {
    return typeof value === "string" || typeof value === "number"
      ? (canonicalQuantity(value, ofList) ?? value)
      : value;
  }
  if (Array.isArray(value)) return key === "*" ? value.map((item) => rewritten(item, rest)) : value;
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  if (key !== "*" && !Object.hasOwn(value, key)) return value;
  return Object.fromEntries(
    entries.map(([name, child]) => [
      name,
      // Lists of resources are what the API server rounds.
      key === "*" || key === name ? rewritten(child, rest, key === "*") : child,
    ]),
  );
}
