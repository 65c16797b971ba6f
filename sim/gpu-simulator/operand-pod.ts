import type { V1Container, V1Pod } from "@kubernetes/client-node";
import type { ContainerSpec, OperandPod } from "./node-draft.ts";

/** Where the operands are installed. */
export const NAMESPACE = "gpu-operator";

/** The pod as the other components see it; none while it does not run, or when it is on its way out. */
export function operandPod(pod: V1Pod): OperandPod[] {
  const { metadata, spec, status } = pod;
  if (metadata?.namespace !== NAMESPACE) return [];
  const app = metadata.labels?.["app"];
  if (app === undefined || spec?.nodeName === undefined || metadata.uid === undefined) return [];
  if (status?.phase !== "Running" || metadata.deletionTimestamp !== undefined) return [];
  return [
    {
      uid: metadata.uid,
      app,
      node: spec.nodeName,
      containers: spec.containers.map(containerSpec),
      initContainers: (spec.initContainers ?? []).map(containerSpec),
      configMaps: Object.fromEntries(
        (spec.volumes ?? []).flatMap(({ name, configMap }) =>
          configMap?.name === undefined ? [] : [[name, configMap.name]],
        ),
      ),
    },
  ];
}

function containerSpec({ name, env, volumeMounts }: V1Container): ContainerSpec {
  return {
    name,
    env: (env ?? []).map((each) => ({ name: each.name, value: each.value ?? "" })),
    volumeMounts: (volumeMounts ?? []).map((mount) => ({ name: mount.name, mountPath: mount.mountPath })),
  };
}

/** Pods that were given something of `nvidia.com`, finished ones left out; by node. */
export function gpuHolders(pods: readonly V1Pod[]): Record<string, string[]> {
  const holders: Record<string, string[]> = {};
  for (const { metadata, spec, status } of pods) {
    if (spec?.nodeName === undefined || status?.phase === "Succeeded" || status?.phase === "Failed") continue;
    const wants = spec.containers.flatMap(({ resources }) => Object.keys(resources?.limits ?? {}));
    if (!wants.some((resource) => resource.startsWith("nvidia.com/"))) continue;
    (holders[spec.nodeName] ??= []).push(`${metadata?.namespace ?? ""}/${metadata?.name ?? ""}`);
  }
  return holders;
}
