import { GPU_NAMESPACE } from "../components/operands/operand.ts";
import { operandObjects } from "../components/operands/operands.ts";
import { withCanonicalQuantities } from "./canonical-quantities.ts";
import { checkPlan } from "./checks/checks.ts";
import { planDigest } from "./digest.ts";
import type { Problem } from "./config/problem.ts";
import type { Zone } from "./config/zone.ts";
import { resolveGpuRequests } from "./gpu/request.ts";
import type { KubernetesObject } from "./object.ts";
import { planned, withOwner, ZONE_OWNER, type PlannedObject } from "./planned-object.ts";
import { renderZone, type RenderOptions } from "./render/render.ts";
import { podTemplate } from "./workload.ts";

/** Everything a zone will hold, everything wrong with it, and one digest of it all. */
export interface Plan {
  readonly zone: Zone;
  readonly objects: readonly PlannedObject[];
  readonly findings: readonly Problem[];
  readonly digest: string;
}

/** Seconds a GPU app may take to become ready: images are large, and a node may just be coming up. */
const GPU_APP_TIMEOUT_SECONDS = "1800";

/** The zone's plan: a function of files alone. Asks no cluster, no engine, no clock. */
export async function planZone(zone: Zone, options: Omit<RenderOptions, "gpu">): Promise<Plan> {
  const gpu = resolveGpuRequests(zone);
  const rendering = await renderZone(zone, { ...options, gpu: gpu.targets });
  const apps = rendering.apps.flatMap(({ app, objects }) =>
    objects.map((object) => ({ owner: app, object: withGpuTimeout(object) })),
  );
  const operands = operandObjects(zone).flatMap(({ name, objects }) =>
    objects.map((object) => ({ owner: name, object })),
  );
  const namespaces = zoneNamespaces(
    zone,
    apps.map(({ object }) => object),
  );
  const objects = [
    ...namespaces.map((object) => ({ owner: ZONE_OWNER, object })),
    ...operands,
    ...apps.filter(({ object }) => object.kind !== "Namespace"),
  ].map(({ owner, object }) => planned(owner, withOwner(zone.name, owner, withCanonicalQuantities(object))));
  const findings = [...gpu.problems, ...rendering.problems, ...checkPlan({ zone, objects })];
  return { zone, objects, findings, digest: planDigest(objects) };
}

/** Owners of the plan that are GPU operands, in the order in which a node needs them. */
export function operandNames(plan: Plan): string[] {
  const owners = plan.objects.map(({ owner }) => owner);
  return [...new Set(owners)].filter((owner) => owner !== ZONE_OWNER && !(owner in plan.zone.apps));
}

/** A namespace belongs to the zone, once, however many apps use it; labels that an app gives it are kept. */
function zoneNamespaces(zone: Zone, rendered: readonly KubernetesObject[]): KubernetesObject[] {
  const labels = new Map<string, Record<string, string>>();
  if (zone.gpu.managed) {
    const privileged = ["enforce", "audit", "warn"].map((mode) => [
      `pod-security.kubernetes.io/${mode}`,
      "privileged",
    ]);
    labels.set(GPU_NAMESPACE, Object.fromEntries(privileged) as Record<string, string>);
  }
  for (const object of rendered) {
    const name = object.kind === "Namespace" ? object.metadata.name : object.metadata.namespace;
    if (name === undefined || BUILT_IN_NAMESPACES.has(name)) continue;
    const own = object.kind === "Namespace" ? object.metadata.labels : {};
    labels.set(name, { ...labels.get(name), ...own });
  }
  return [...labels]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, own]) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels: own } }));
}

/** Namespaces that every cluster has; a zone uses them and owns none of them. */
const BUILT_IN_NAMESPACES = new Set(["default", "kube-system", "kube-public", "kube-node-lease"]);

function withGpuTimeout(object: KubernetesObject): KubernetesObject {
  if (podTemplate(object) === undefined || !JSON.stringify(object).includes('"nvidia.com/')) return object;
  const annotations = {
    "pulumi.com/timeoutSeconds": GPU_APP_TIMEOUT_SECONDS,
    ...object.metadata.annotations,
  };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
