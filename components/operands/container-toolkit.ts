import type { V1EnvVar, V1Toleration, V1Volume, V1VolumeMount } from "@kubernetes/client-node";
import path from "node:path";
import type { KubernetesObject } from "../../plan/object.ts";
import type { Zone } from "../../plan/config/zone.ts";
import type { Release } from "../releases/release.ts";
import { cdiEnabled } from "./cdi.ts";
import {
  runtimeVariants,
  withOwnPaths,
  type ContainerRuntime,
  type RuntimeVariant,
} from "./container-runtime.ts";
import { daemonSet, VALIDATIONS } from "./daemon-set.ts";
import { driverValidation, driverValidationVolumes } from "./driver-validation.ts";
import { entrypoint } from "./entrypoint.ts";
import { withHostRoot } from "./host-paths.ts";
import { GPU_NAMESPACE, type Operand } from "./operand.ts";
import { environment, operandImage } from "./operand-settings.ts";
import { namespaceRole } from "./rbac.ts";
import { resourceRequirements } from "./resource-requirements.ts";

/** Pod label `app` of every variant: k8s-driver-manager waits for these pods to go. */
const NAME = "nvidia-container-toolkit-daemonset";
const SERVICE_ACCOUNT = "nvidia-container-toolkit";
const INSTALL_DIR = "/usr/local/nvidia";

/** It takes its part out of the runtime's configuration when it goes, and restarts the runtime. */
const TERMINATION_SECONDS = 60;

/** The script of upstream sleeps before it starts, too: the driver's device nodes may still be coming. */
const ENTRYPOINT = entrypoint("nvidia-container-toolkit-entrypoint", ["sleep 5"], "nvidia-toolkit");

/** Gives the nodes' container runtime the handlers of NVIDIA's (gpu-stack reference 4.3, operator v26.7.0). */
export const containerToolkit: Operand = {
  name: "container-toolkit",
  manifests: (zone, release) => {
    if (zone.gpu.toolkit?.enabled === false) return [];
    const variants = runtimeVariants(zone);
    return [
      {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: SERVICE_ACCOUNT, namespace: GPU_NAMESPACE },
      },
      // The driver's validation looks for a DaemonSet of the operator's.
      ...namespaceRole(SERVICE_ACCOUNT, [
        { apiGroups: ["apps"], resources: ["daemonsets"], verbs: ["list"] },
      ]),
      ENTRYPOINT.configMap,
      ...variants.map((variant, index) =>
        toolkit(zone, release, { ...variant, isFirst: index === 0, isOnly: variants.length === 1 }),
      ),
    ];
  },
};

/** One DaemonSet a runtime. The first has the contract's name, and all nodes where it is the only one. */
interface Variant extends RuntimeVariant {
  readonly isFirst: boolean;
  readonly isOnly: boolean;
}

function toolkit(zone: Zone, release: Release, variant: Variant): KubernetesObject {
  const own = zone.gpu.toolkit;
  const { runtime, env } = withOwnPaths(variant.runtime, own?.env ?? []);
  const installDir = own?.installDir ?? INSTALL_DIR;
  const files = runtimeFiles(runtime);
  const main = {
    name: "nvidia-container-toolkit-ctr",
    image: operandImage(own, release.toolkit),
    ...ENTRYPOINT.command,
    env: environment(
      [...toolkitEnv(zone, runtime, installDir), ...files.map(({ env: each }) => each).flat()],
      env,
    ),
    ...resourceRequirements(own?.resources),
    securityContext: { privileged: true, seLinuxOptions: { level: "s0" } },
    volumeMounts: [
      ENTRYPOINT.mount,
      { name: "toolkit-root", mountPath: "/run/nvidia/toolkit" },
      { name: VALIDATIONS.name, mountPath: "/run/nvidia/validations" },
      { name: "toolkit-install-dir", mountPath: installDir },
      { name: "driver-install-dir", mountPath: "/driver-root", mountPropagation: "HostToContainer" },
      { name: "host-root", mountPath: "/host", readOnly: true, mountPropagation: "HostToContainer" },
      { name: "cdi-root", mountPath: "/var/run/cdi" },
      ...files.map(({ mount }) => mount),
    ],
  };
  return daemonSet(zone, {
    name: variant.isFirst ? NAME : `${NAME}-${variant.name}`,
    variant: { app: NAME, labels: { "gpu-zones.dev/toolkit": variant.isFirst ? "default" : variant.name } },
    deploy: "container-toolkit",
    tolerations: (own?.tolerations ?? []) as V1Toleration[],
    podAnnotations: ENTRYPOINT.podAnnotations,
    spec: {
      serviceAccountName: SERVICE_ACCOUNT,
      hostPID: true,
      terminationGracePeriodSeconds: TERMINATION_SECONDS,
      ...(variant.isOnly ? {} : { affinity: ofPools(variant.pools) }),
      initContainers: driverValidation(zone, release).map((each) => withHostRoot(zone, each)),
      containers: [withHostRoot(zone, main)],
      volumes: [
        ENTRYPOINT.volume,
        { name: "toolkit-root", hostPath: { path: "/run/nvidia/toolkit", type: "DirectoryOrCreate" } },
        { name: "toolkit-install-dir", hostPath: { path: installDir } },
        ...driverValidationVolumes(zone),
        { name: "cdi-root", hostPath: { path: "/var/run/cdi", type: "DirectoryOrCreate" } },
        ...files.map(({ volume }) => volume),
      ],
    },
  });
}

function ofPools(pools: readonly string[]) {
  const expression = { key: "gpu-zones.dev/pool", operator: "In", values: [...pools] };
  return {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [expression] }],
      },
    },
  };
}

function toolkitEnv(zone: Zone, runtime: ContainerRuntime, installDir: string): V1EnvVar[] {
  return [
    { name: "ROOT", value: installDir },
    { name: "NVIDIA_CONTAINER_RUNTIME_MODES_CDI_DEFAULT_KIND", value: "management.nvidia.com/gpu" },
    { name: "NVIDIA_VISIBLE_DEVICES", value: "void" },
    { name: "TOOLKIT_PID_FILE", value: "/run/nvidia/toolkit/toolkit.pid" },
    { name: "NRI_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
    // Else any pod could see every GPU by a variable of its own.
    { name: "ACCEPT_NVIDIA_VISIBLE_DEVICES_ENVVAR_WHEN_UNPRIVILEGED", value: "false" },
    ...(cdiEnabled(zone) ? WITH_CDI : withoutCdi(runtime)),
    { name: "RUNTIME", value: runtime.name },
    ...(runtime.name === "containerd" ? [{ name: "CONTAINERD_RUNTIME_CLASS", value: "nvidia" }] : []),
    { name: "RUNTIME_CONFIG_SOURCE", value: runtime.source },
  ];
}

const WITH_CDI: readonly V1EnvVar[] = [
  { name: "CDI_ENABLED", value: "true" },
  { name: "NVIDIA_RUNTIME_SET_AS_DEFAULT", value: "false" },
  { name: "NVIDIA_CONTAINER_RUNTIME_MODE", value: "cdi" },
  { name: "CRIO_CONFIG_MODE", value: "config" },
];

/** Without CDI GPUs reach pods by NVIDIA's runtime alone, which therefore is everybody's; under CRI-O by its hook. */
function withoutCdi({ name }: ContainerRuntime): V1EnvVar[] {
  return [
    { name: "NVIDIA_RUNTIME_SET_AS_DEFAULT", value: String(name === "containerd") },
    // The device plugin's way to name devices that a pod cannot take for itself.
    { name: "ACCEPT_NVIDIA_VISIBLE_DEVICES_AS_VOLUME_MOUNTS", value: "true" },
    ...(name === "crio" ? [{ name: "CRIO_CONFIG_MODE", value: "hook" }] : []),
  ];
}

/** A directory of the runtime's, and the variables that name a file in it. */
interface RuntimeFile {
  readonly env: readonly V1EnvVar[];
  readonly mount: V1VolumeMount;
  readonly volume: V1Volume;
}

function runtimeFiles({ name, config, dropIn, socket }: ContainerRuntime): RuntimeFile[] {
  const prefix = name === "containerd" ? "CONTAINERD" : "CRIO";
  const file = (
    volume: string,
    directory: string,
    host: string,
    type: string | undefined,
    names: string[],
  ) => ({
    env: names.map((each) => ({ name: each, value: `${directory}${path.posix.basename(host)}` })),
    mount: { name: volume, mountPath: directory },
    volume: {
      name: volume,
      hostPath: { path: path.posix.dirname(host), ...(type === undefined ? {} : { type }) },
    },
  });
  const ofDropIn = file("runtime-drop-in", "/runtime/config-dir.d/", dropIn, "DirectoryOrCreate", [
    "RUNTIME_DROP_IN_CONFIG",
  ]);
  return [
    file("runtime-config", "/runtime/config-dir/", config, "DirectoryOrCreate", [
      "RUNTIME_CONFIG",
      `${prefix}_CONFIG`,
    ]),
    { ...ofDropIn, env: [...ofDropIn.env, { name: "RUNTIME_DROP_IN_CONFIG_HOST_PATH", value: dropIn }] },
    ...(socket === undefined
      ? []
      : [
          file("runtime-socket", "/runtime/sock-dir/", socket, undefined, [
            "RUNTIME_SOCKET",
            `${prefix}_SOCKET`,
          ]),
        ]),
    ...(name === "crio" ? [HOOKS] : []),
  ];
}

const HOOKS: RuntimeFile = {
  env: [],
  mount: { name: "crio-hooks", mountPath: "/usr/share/containers/oci/hooks.d" },
  volume: { name: "crio-hooks", hostPath: { path: "/usr/share/containers/oci/hooks.d" } },
};
