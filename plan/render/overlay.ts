import type { AppSettings } from "../config/zone.ts";
import { apiGroup, type KubernetesObject } from "../object.ts";
import type { GpuTarget } from "./gpu-target.ts";
import { changedImage, imageChange, imagesOf, matchesImageName, parseImage } from "./image.ts";
import { literally, pointer, type Operation } from "./json-patch.ts";
import { environmentOperations, placementOperations, resourceOperations } from "./pod-patch.ts";
import type { Target } from "./target.ts";

/** The zone's last word on an app, as keys of a kustomization; empty lists are left out. */
export interface Overlay {
  readonly replicas?: readonly { readonly name: string; readonly count: number }[];
  readonly images?: readonly Readonly<Record<string, string>>[];
  readonly patches?: readonly { readonly target: Readonly<Record<string, string>>; readonly patch: string }[];
}

/** Config keys of an app that act on its target. */
export const TARGET_KEYS = ["replicas", "image", "gpu", "env", "resources"] as const;

/** Kinds whose `spec.replicas` kustomize's `replicas` sets; it goes by name alone. */
const SCALED_KINDS = ["Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"];

/** True for workloads that have a number of replicas to set. */
export function isScaled(workload: KubernetesObject): boolean {
  return SCALED_KINDS.includes(workload.kind);
}

/**
 * Writes an app's config as the last overlay over what was built.
 * @param objects everything that was built for the app, the target among it
 * @returns undefined when nothing changes
 */
export function zoneOverlay(
  target: Target,
  objects: readonly KubernetesObject[],
  settings: Pick<AppSettings, "replicas" | "image" | "env" | "resources">,
  gpu: GpuTarget | undefined,
): Overlay | undefined {
  const { replicas, image } = settings;
  const operations: Operation[] = [
    ...resourceOperations(target, gpu, settings.resources),
    ...environmentOperations(target, settings.env),
    ...placementOperations(target, gpu),
  ];
  const overlay: { -readonly [Key in keyof Overlay]: Overlay[Key] } = {};
  if (replicas !== undefined) {
    const { name } = target.workload.metadata;
    const namesakes = objects.filter((object) => isScaled(object) && object.metadata.name === name);
    if (namesakes.length === 1) overlay.replicas = [{ name, count: replicas }];
    else operations.push({ op: "add", path: "/spec/replicas", value: replicas });
  }
  if (image !== undefined) {
    const entry = imagesEntry(target, objects, image);
    if (entry !== undefined) overlay.images = [entry];
    else operations.push(imageOperation(target, image));
  }
  if (operations.length > 0) overlay.patches = [patchOf(target, operations)];
  return Object.keys(overlay).length === 0 ? undefined : overlay;
}

/** kustomize's `images` goes by image name through all objects: right only where the target alone has the name. */
function imagesEntry(
  { container }: Target,
  objects: readonly KubernetesObject[],
  image: string,
): Record<string, string> | undefined {
  if (container.image === undefined) return undefined;
  const { name } = parseImage(container.image);
  if (imagesOf(objects).filter((each) => matchesImageName(each, name)).length !== 1) return undefined;
  const change = imageChange(image);
  return {
    name,
    ...(change.name === undefined ? {} : { newName: change.name }),
    ...(change.tag === undefined ? {} : { newTag: change.tag }),
    ...(change.digest === undefined ? {} : { digest: change.digest }),
  };
}

function imageOperation({ container, templatePath, index }: Target, image: string): Operation {
  return {
    op: "add",
    path: pointer(templatePath, "spec", "containers", index, "image"),
    value: changedImage(container.image ?? "", imageChange(image)),
  };
}

function patchOf(
  { workload, container, templatePath, index }: Target,
  operations: readonly Operation[],
): NonNullable<Overlay["patches"]>[number] {
  const { name, namespace } = workload.metadata;
  // The patch goes by index; this stops a build in which the index means another container.
  const test: Operation = {
    op: "test",
    path: pointer(templatePath, "spec", "containers", index, "name"),
    value: container.name,
  };
  return {
    target: {
      group: apiGroup(workload.apiVersion),
      version: workload.apiVersion.slice(workload.apiVersion.indexOf("/") + 1),
      kind: workload.kind,
      name: literally(name),
      ...(namespace === undefined ? {} : { namespace: literally(namespace) }),
    },
    patch: JSON.stringify([test, ...operations]),
  };
}
