import type { V1Container, V1PodTemplateSpec } from "@kubernetes/client-node";
import type { AppSettings } from "../config/zone.ts";
import type { KubernetesObject } from "../object.ts";
import { podTemplate, WORKLOAD_KINDS } from "../workload.ts";

/** The workload and the container that `replicas`, `image`, `gpu`, `env` and `resources` act on. */
export interface Target {
  readonly workload: KubernetesObject;
  readonly template: V1PodTemplateSpec;
  /** JSON pointer of the pod template. */
  readonly templatePath: string;
  readonly container: V1Container;
  /** Index of the container in the object as it was built; good for that very object only. */
  readonly index: number;
}

/** Why there is no target. */
export interface NoTarget {
  readonly message: string;
  readonly fix: string;
  /** The workload of which the order of containers in the base would decide. */
  readonly needsBase?: KubernetesObject;
}

/** Resource names that NVIDIA's device plugin serves. */
export const NVIDIA = "nvidia.com/";

/**
 * Finds an app's target by name, never by index.
 * @param objects the overlay with its components, as built
 * @param base names of the workload's containers in the app's base, in its order: patches may have put others before them
 */
export function findTarget(
  objects: readonly KubernetesObject[],
  app: string,
  settings: Pick<AppSettings, "workload" | "container">,
  base?: readonly string[],
): Target | NoTarget {
  const workload = findWorkload(objects, app, settings.workload);
  if (!("kind" in workload)) return workload;
  const template = podTemplate(workload);
  const containers = template?.spec?.containers ?? [];
  const container = findContainer(containers, workload, settings.container, base);
  if (!("name" in container)) return container;
  return {
    workload,
    template: template ?? {},
    templatePath: workload.kind === "CronJob" ? "/spec/jobTemplate/spec/template" : "/spec/template",
    container,
    index: containers.indexOf(container),
  };
}

/** `Deployment/private-detector`. */
export function nameOf(workload: KubernetesObject): string {
  return `${workload.kind}/${workload.metadata.name}`;
}

function findWorkload(
  objects: readonly KubernetesObject[],
  app: string,
  wanted: string | undefined,
): KubernetesObject | NoTarget {
  const all = objects.filter((object) => (WORKLOAD_KINDS as readonly string[]).includes(object.kind));
  const named = all.filter((object) =>
    wanted === undefined
      ? object.metadata.name === app
      : object.metadata.name === wanted || nameOf(object) === wanted,
  );
  const candidates = named.length === 0 && wanted === undefined ? all : named;
  const [first] = candidates;
  if (first !== undefined && candidates.length === 1) return first;
  const asked = wanted === undefined ? `one named ${app}, or only one` : `the workload ${wanted}`;
  return {
    message: `wanted ${asked}, got ${list((candidates.length > 1 ? candidates : all).map(nameOf))}`,
    fix:
      all.length === 0
        ? `the overlay has no workload (${WORKLOAD_KINDS.join(", ")}): add one, or take the key out`
        : `set apps.${app}.workload to one of them (Kind/name where names are equal)`,
  };
}

function findContainer(
  containers: readonly V1Container[],
  workload: KubernetesObject,
  wanted: string | undefined,
  base: readonly string[] | undefined,
): V1Container | NoTarget {
  const no = (asked: string, found: readonly V1Container[]): NoTarget => ({
    message: `wanted ${asked} in ${nameOf(workload)}, got ${list(found.map(({ name }) => name))}`,
    fix:
      containers.length === 0
        ? "the pod template has no containers: add one, or take the key out"
        : "set container to the name of the one that is meant",
  });
  if (wanted !== undefined) {
    return containers.find(({ name }) => name === wanted) ?? no(`the container ${wanted}`, containers);
  }
  const [only] = containers;
  if (only === undefined || containers.length === 1) return only ?? no("a container", []);
  const withGpu = containers.filter((container) => nvidiaResources(container).length > 0);
  if (withGpu.length > 0) return single(withGpu) ?? no("one container that asks for a GPU", withGpu);
  const withPort = containers.filter(({ ports }) => ports !== undefined && ports.length > 0);
  if (withPort.length > 0) return single(withPort) ?? no("one container with a port", withPort);
  const first = base?.find((name) => containers.some((container) => container.name === name));
  return (
    containers.find(({ name }) => name === first) ?? {
      ...no("a container that the app's base has", containers),
      needsBase: workload,
    }
  );
}

/** Containers that ask for a GPU, init containers too, with their workloads. */
export function gpuContainers(
  objects: readonly KubernetesObject[],
): { readonly workload: KubernetesObject; readonly container: V1Container }[] {
  return objects.flatMap((workload) => {
    const pod = podTemplate(workload)?.spec;
    return [...(pod?.containers ?? []), ...(pod?.initContainers ?? [])]
      .filter((container) => nvidiaResources(container).length > 0)
      .map((container) => ({ workload, container }));
  });
}

/** Names of the `nvidia.com/*` limits and requests of a container. */
export function nvidiaResources(container: V1Container): string[] {
  const { limits, requests } = container.resources ?? {};
  const names = [...Object.keys(limits ?? {}), ...Object.keys(requests ?? {})];
  return [...new Set(names.filter((name) => name.startsWith(NVIDIA)))];
}

function single<T>(candidates: readonly T[]): T | undefined {
  return candidates.length === 1 ? candidates[0] : undefined;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(", ");
}
