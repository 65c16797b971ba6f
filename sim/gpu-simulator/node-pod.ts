import type { V1Container, V1Pod, V1PodSpec } from "@kubernetes/client-node";
import { OPERANDS } from "../kwok-stages.ts";
import { podProgress, type PodProgress } from "./pod-progress.ts";

export interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
  readonly mountPropagation?: string;
}

/** A container as a pod's spec holds it. */
export interface ContainerSpec {
  readonly name: string;
  readonly image?: string;
  /** `command` and `args`, one after the other; empty: what the image starts. */
  readonly command?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly volumeMounts?: readonly VolumeMount[];
  /** Command of its startup probe. */
  readonly startupProbe?: readonly string[];
  readonly preStop?: readonly string[];
  /** An init container that stays. */
  readonly sidecar?: boolean;
  /** UID that it runs as; absent: what the image says. */
  readonly user?: number;
}

export interface Volume {
  readonly configMap?: string;
  readonly optional?: boolean;
  readonly hostPath?: string;
  /** Keys of the ConfigMap by the paths that they are mounted at; absent: all, at paths of their names. */
  readonly items?: Readonly<Record<string, string>>;
  /** Type of the host path. */
  readonly type?: string;
}

/** A pod that has a node. */
export interface NodePod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  /** Its label `app`: operands know each other by it. */
  readonly app: string | undefined;
  /** Name of the DaemonSet that it is of. */
  readonly daemonSet: string | undefined;
  readonly runtimeClass: string | undefined;
  /** Its service account. */
  readonly account: string;
  readonly containers: readonly ContainerSpec[];
  readonly initContainers: readonly ContainerSpec[];
  readonly volumes: Readonly<Record<string, Volume>>;
  /** Its containers are started again when they end. */
  readonly restarts: boolean;
  /** Its containers see each other's processes. */
  readonly sharesProcesses: boolean;
  /** True where the simulator is its kubelet. */
  readonly held: boolean;
  readonly terminating: boolean;
  /** It was given something of `nvidia.com`. */
  readonly hasGpu: boolean;
  readonly progress: PodProgress;
}

/** The pod as the components on its node see it; none while it has no node. */
export function nodePod(pod: V1Pod): NodePod[] {
  const { metadata, spec, status } = pod;
  if (spec?.nodeName === undefined || metadata?.uid === undefined) return [];
  const owner = metadata.ownerReferences?.find(({ kind }) => kind === "DaemonSet")?.name;
  const namespace = metadata.namespace ?? "";
  const app = metadata.labels?.["app"];
  const runtimeClass = spec.runtimeClassName;
  const limits = spec.containers.flatMap(({ resources }) => Object.keys(resources?.limits ?? {}));
  const fields = {
    "spec.nodeName": spec.nodeName,
    "metadata.name": metadata.name ?? "",
    "metadata.namespace": namespace,
  };
  return [
    {
      uid: metadata.uid,
      namespace,
      name: metadata.name ?? "",
      node: spec.nodeName,
      app,
      daemonSet: owner,
      runtimeClass,
      account: spec.serviceAccountName ?? "default",
      ...containersOf(spec, fields),
      restarts: (spec.restartPolicy ?? "Always") === "Always",
      sharesProcesses: spec.shareProcessNamespace === true || spec.hostPID === true,
      // As kwok's stages have it.
      held:
        (namespace === OPERANDS && (owner !== undefined || app?.endsWith("-validator") === true)) ||
        runtimeClass?.startsWith("nvidia") === true,
      terminating: metadata.deletionTimestamp !== undefined,
      hasGpu: limits.some((resource) => resource.startsWith("nvidia.com/")),
      progress: podProgress(status),
    },
  ];
}

type PodParts = Pick<NodePod, "containers" | "initContainers" | "volumes">;

/** What a pod or a pod template runs, and on what. */
export function containersOf(spec: V1PodSpec, fields: Readonly<Record<string, string>> = {}): PodParts {
  const user = spec.securityContext?.runAsUser;
  const container = (each: V1Container): ContainerSpec => containerSpec(each, user, fields);
  return {
    containers: spec.containers.map(container),
    initContainers: (spec.initContainers ?? []).map(container),
    volumes: Object.fromEntries(
      (spec.volumes ?? []).map(({ name, configMap, hostPath }): [string, Volume] => [
        name,
        {
          ...(configMap?.name !== undefined && { configMap: configMap.name }),
          ...(configMap?.items && {
            items: Object.fromEntries(configMap.items.map((item) => [item.path, item.key])),
          }),
          ...(configMap?.optional === true && { optional: true }),
          ...(hostPath && { hostPath: hostPath.path, type: hostPath.type ?? "" }),
        },
      ]),
    ),
  };
}

function containerSpec(
  container: V1Container,
  podUser: number | undefined,
  fields: Readonly<Record<string, string>>,
): ContainerSpec {
  const { name, image, env, volumeMounts, startupProbe, lifecycle, securityContext } = container;
  const user = securityContext?.runAsUser ?? podUser;
  return {
    name,
    ...(image !== undefined && { image }),
    command: [...(container.command ?? []), ...(container.args ?? [])],
    env: (env ?? []).map(({ name: variable, value, valueFrom }) => ({
      name: variable,
      value: value ?? fields[valueFrom?.fieldRef?.fieldPath ?? ""] ?? "",
    })),
    volumeMounts: (volumeMounts ?? []).map((mount) => ({
      name: mount.name,
      mountPath: mount.mountPath,
      ...(mount.subPath !== undefined && { subPath: mount.subPath }),
      ...(mount.mountPropagation !== undefined && { mountPropagation: mount.mountPropagation }),
    })),
    ...(startupProbe?.exec?.command && { startupProbe: startupProbe.exec.command }),
    ...(lifecycle?.preStop?.exec?.command && { preStop: lifecycle.preStop.exec.command }),
    ...(container.restartPolicy === "Always" && { sidecar: true }),
    ...(user !== undefined && { user }),
  };
}

/** A container's variables. */
export function environment(container: ContainerSpec | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value ?? ""]));
}
