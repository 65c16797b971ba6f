import { OPERANDS, operandObjects, type OperandObjects } from "../components/operands/operands.ts";
import { withCanonicalQuantities } from "./canonical-quantities.ts";
import { checkPlan } from "./checks/checks.ts";
import { planDigest } from "./digest.ts";
import type { Problem } from "./config/problem.ts";
import type { Zone } from "./config/zone.ts";
import { resolveGpuRequests } from "./gpu/request.ts";
import { mirrorCollisions } from "./images/collisions.ts";
import { mirrored } from "./images/mirror.ts";
import { withImages } from "./images/object-images.ts";
import { zoneImages } from "./images/zone-images.ts";
import type { KubernetesObject } from "./object.ts";
import { planned, withOwner, ZONE_OWNER, type PlannedObject } from "./planned-object.ts";
import { renderZone, type RenderOptions } from "./render/render.ts";
import { gpuContainers } from "./render/target.ts";
import { zoneNamespaces } from "./zone-namespaces.ts";

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
  const namespaces = zoneNamespaces(zone, apps);
  const owned = [
    ...namespaces.objects.map((object) => ({ owner: ZONE_OWNER, object })),
    ...operandObjects(zone).flatMap(({ name, objects }) =>
      objects.map((object) => ({ owner: name, object })),
    ),
    ...apps.filter(({ object }) => object.kind !== "Namespace"),
  ];
  const objects = owned.map(({ owner, object }) => inZone(zone, owner, object));
  const findings = [
    ...gpu.problems,
    ...rendering.problems,
    ...namespaces.problems,
    ...mirrorCollisions(zone, zoneImages(owned, zone.images?.mirror)),
    ...checkPlan({ zone, objects }),
  ];
  return { zone, objects, findings, digest: planDigest(objects) };
}

/** An operand's objects as the zone's plan has them. */
export function plannedOperand(zone: Zone, { name, objects }: OperandObjects): PlannedObject[] {
  return objects.map((object) => inZone(zone, name, object));
}

function inZone(zone: Zone, owner: string, object: KubernetesObject): PlannedObject {
  return planned(owner, withOwner(zone.name, owner, withCanonicalQuantities(fromMirror(zone, object))));
}

/** Owners of the plan that are GPU operands, in the order in which a node needs them, wherever their objects stand. */
export function operandNames(plan: Plan): string[] {
  const owners = new Set(plan.objects.map(({ owner }) => owner));
  return OPERANDS.map(({ name }) => name).filter((name) => owners.has(name));
}

function fromMirror({ images }: Zone, object: KubernetesObject): KubernetesObject {
  const prefix = images?.mirror;
  return prefix === undefined ? object : withImages(object, (image) => mirrored(image, prefix));
}

function withGpuTimeout(object: KubernetesObject): KubernetesObject {
  if (gpuContainers([object]).length === 0) return object;
  const annotations = {
    "pulumi.com/timeoutSeconds": GPU_APP_TIMEOUT_SECONDS,
    ...object.metadata.annotations,
  };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
