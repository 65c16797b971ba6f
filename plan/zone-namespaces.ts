import { GPU_NAMESPACE } from "../components/operands/operand.ts";
import type { Problem } from "./config/problem.ts";
import type { Zone } from "./config/zone.ts";
import type { KubernetesObject } from "./object.ts";
import { ZONE_OWNER } from "./planned-object.ts";

/** Namespaces that every cluster has; a zone uses them and owns none of them. */
const BUILT_IN_NAMESPACES = new Set(["default", "kube-system", "kube-public", "kube-node-lease"]);

/** A label or annotation of a namespace, with the owner that gave it. */
interface Given {
  readonly value: string;
  readonly owner: string;
}

interface Namespace {
  readonly labels: Map<string, Given>;
  readonly annotations: Map<string, Given>;
}

/** A namespace belongs to the zone, once, however many apps use it; what apps say of it is kept, and must agree. */
export function zoneNamespaces(
  zone: Zone,
  rendered: readonly { readonly owner: string; readonly object: KubernetesObject }[],
): { objects: KubernetesObject[]; problems: Problem[] } {
  const namespaces = new Map<string, Namespace>();
  const problems: Problem[] = [];
  const of = (name: string): Namespace => {
    const found = namespaces.get(name) ?? { labels: new Map(), annotations: new Map() };
    namespaces.set(name, found);
    return found;
  };
  if (zone.gpu.managed) {
    for (const mode of ["enforce", "audit", "warn"])
      of(GPU_NAMESPACE).labels.set(`pod-security.kubernetes.io/${mode}`, {
        value: "privileged",
        owner: ZONE_OWNER,
      });
  }
  for (const { owner, object } of rendered) {
    const name = object.kind === "Namespace" ? object.metadata.name : object.metadata.namespace;
    if (name === undefined || BUILT_IN_NAMESPACES.has(name)) continue;
    const namespace = of(name);
    if (object.kind !== "Namespace") continue;
    for (const what of ["labels", "annotations"] as const) {
      for (const [key, value] of Object.entries(object.metadata[what] ?? {})) {
        const other = namespace[what].get(key);
        if (OWN_LABELS.has(key)) continue;
        if (other === undefined) namespace[what].set(key, { value, owner });
        else if (other.value !== value) problems.push(conflict(zone, name, key, other, { value, owner }));
      }
    }
  }
  return { objects: [...namespaces].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(namespaceObject), problems };
}

/** What the plan says of every object, rendered ones included: an app's word on it is not the app's. */
const OWN_LABELS = new Set(["app.kubernetes.io/managed-by", "gpu-zones.dev/zone", "gpu-zones.dev/owner"]);

function namespaceObject([name, { labels, annotations }]: [string, Namespace]): KubernetesObject {
  const plain = (given: ReadonlyMap<string, Given>): Record<string, string> =>
    Object.fromEntries([...given].map(([key, { value }]) => [key, value]));
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name,
      labels: plain(labels),
      ...(annotations.size === 0 ? {} : { annotations: plain(annotations) }),
    },
  };
}

function conflict(zone: Zone, name: string, key: string, first: Given, second: Given): Problem {
  const origin = zone.origins.nearest(`apps.${second.owner}`);
  return {
    ...{ code: "GZ106", severity: "error", zone: zone.name, path: `${ZONE_OWNER}/Namespace//${name}` },
    ...{ file: origin?.file ?? `Pulumi.${zone.name}.yaml`, line: origin?.line ?? 0 },
    message: `wanted one value of ${key} on the namespace ${name}, got ${first.value} of ${first.owner} and ${second.value} of ${second.owner}`,
    fix: "agree on one value, or give one of the apps another namespace",
  };
}
