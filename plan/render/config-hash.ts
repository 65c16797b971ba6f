import { createHash } from "node:crypto";
import type { V1Container, V1PodSpec } from "@kubernetes/client-node";
import type { KubernetesObject } from "../object.ts";
import { podTemplate } from "../workload.ts";

/** Annotation of pod templates: changes when a ConfigMap of the app that the pods read changes. */
const CONFIG_HASH = "gpu-zones.dev/config-hash";

/** The end of a name that kustomize generated: its hash uses these characters and no other. */
const GENERATED = /-[2456789bcdfghkmt]{10}$/;

/**
 * Makes pods roll when a ConfigMap changes that keeps its name. Generated ones need no help: their name changes.
 * @param objects all objects of one app
 */
export function withConfigHash(objects: readonly KubernetesObject[]): KubernetesObject[] {
  const configMaps = new Map(
    objects
      .filter(
        ({ kind, apiVersion, metadata }) =>
          kind === "ConfigMap" && apiVersion === "v1" && !GENERATED.test(metadata.name),
      )
      .map((object) => [`${object.metadata.namespace ?? ""}/${object.metadata.name}`, object]),
  );
  if (configMaps.size === 0) return [...objects];
  return objects.map((object) => {
    const spec = podTemplate(object)?.spec;
    if (spec === undefined) return object;
    const read = [...new Set(configMapNames(spec))].toSorted().flatMap((name) => {
      const configMap = configMaps.get(`${object.metadata.namespace ?? ""}/${name}`);
      return configMap === undefined ? [] : [configMap];
    });
    return read.length === 0 ? object : annotated(object, contentHash(read));
  });
}

/** Names of the ConfigMaps that a pod reads, by whatever way. */
function configMapNames(pod: V1PodSpec): string[] {
  const containers: Pick<V1Container, "env" | "envFrom">[] = [
    ...arrayOf(pod.containers),
    ...arrayOf(pod.initContainers),
    ...arrayOf(pod.ephemeralContainers),
  ];
  const names = [
    ...containers.flatMap(({ env, envFrom }) => [
      ...arrayOf(env).map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name),
      ...arrayOf(envFrom).map(({ configMapRef }) => configMapRef?.name),
    ]),
    ...arrayOf(pod.volumes).flatMap(({ configMap, projected }) => [
      configMap?.name,
      ...arrayOf(projected?.sources).map((source) => source.configMap?.name),
    ]),
  ];
  return names.filter((name) => name !== undefined);
}

/** `env:` with nothing behind it is null in a manifest. */
function arrayOf<T>(list: readonly T[] | null | undefined): readonly T[] {
  return list ?? [];
}

/** 16 hexadecimal digits over names and content; the order of keys does not count. */
function contentHash(configMaps: readonly KubernetesObject[]): string {
  const content = configMaps.map(({ metadata, data, binaryData }) => [
    metadata.name,
    ...[data, binaryData].map((part) => Object.entries(part ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  ]);
  return createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 16);
}

function annotated(object: KubernetesObject, hash: string): KubernetesObject {
  const copy = structuredClone(object);
  const template = podTemplate(copy);
  if (template !== undefined) {
    template.metadata ??= {};
    template.metadata.annotations = { ...template.metadata.annotations, [CONFIG_HASH]: hash };
  }
  return copy;
}
