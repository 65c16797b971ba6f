import type { V1Container, V1DaemonSet, V1EnvVar, V1PodSpec, V1Volume } from "@kubernetes/client-node";
import type { KubernetesObject } from "../../../plan/object.ts";

const DEPLOY = "nvidia.com/gpu.deploy.";
const VALIDATIONS = "/run/nvidia/validations";

/** The contract of gpu-operator v26.7.0 in the least words: what a native zone applies, each part to be left out or bent. */
export const FULL_STACK: Readonly<Record<string, () => KubernetesObject[]>> = {
  driver: () => [driver(), config("startup-probe", { "startup-probe.sh": PROBE })],
  toolkit: () => [toolkit(), config("toolkit-entrypoint", { "entrypoint.sh": entrypoint("nvidia-toolkit") })],
  validator: () => [validator()],
  plugin: () => [
    plugin(),
    config("plugin-entrypoint", { "entrypoint.sh": entrypoint("nvidia-device-plugin") }),
    config("plugin-configs", { default: "version: v1\n" }),
  ],
  discovery: () => [
    daemonSet("gpu-feature-discovery", "gpu-feature-discovery", {
      runtimeClassName: "nvidia",
      initContainers: [toolkitValidation(), configManager("config-manager-init")],
      containers: [
        {
          name: "gpu-feature-discovery",
          command: ["gpu-feature-discovery"],
          env: env({ MIG_STRATEGY: "mixed", CONFIG_FILE: "/config/config.yaml" }),
          volumeMounts: [{ name: "config", mountPath: "/config" }],
        },
        configManager("config-manager", "gpu-feature-discovery"),
      ],
      shareProcessNamespace: true,
      volumes: [
        host("validations", VALIDATIONS),
        { name: "available-configs", configMap: { name: "plugin-configs" } },
        { name: "config", emptyDir: {} },
      ],
    }),
  ],
};

export function fullStack(without: readonly string[] = []): KubernetesObject[] {
  return Object.entries(FULL_STACK).flatMap(([name, part]) => (without.includes(name) ? [] : part()));
}

/** Deploy labels as the labeller sets them. */
export const DEPLOY_LABELS = Object.fromEntries(
  ["driver", "container-toolkit", "operator-validator", "device-plugin", "gpu-feature-discovery"].map(
    (operand) => [DEPLOY + operand, "true"],
  ),
);

const PROBE = `#!/bin/sh
grep -q Ready ${VALIDATIONS}/.driver-daemons-status || exit 1
echo GDS_ENABLED: false >${VALIDATIONS}/.driver-ctr-ready.tmp
mv ${VALIDATIONS}/.driver-ctr-ready.tmp ${VALIDATIONS}/.driver-ctr-ready
`;

function entrypoint(program: string): string {
  return `#!/bin/sh\nuntil [ -f ${VALIDATIONS}/driver-ready ]; do sleep 5; done\n. ${VALIDATIONS}/driver-ready\nexec ${program}\n`;
}

export function driver(
  digest = "1",
  image = "nvcr.io/nvidia/driver:595.91.07-ubuntu22.04",
): KubernetesObject {
  const both = "Bidirectional";
  const digests = { DRIVER_CONFIG_DIGEST: digest };
  return daemonSet(
    "nvidia-driver-595.91.07-ubuntu22.04",
    "driver",
    {
      hostPID: true,
      initContainers: [
        {
          name: "k8s-driver-manager",
          command: ["driver-manager"],
          args: ["uninstall_driver"],
          env: env({ ...digests, ENABLE_GPU_POD_EVICTION: "true" }),
          volumeMounts: [{ name: "run-nvidia", mountPath: "/run/nvidia", mountPropagation: both }],
        },
      ],
      containers: [
        {
          name: "nvidia-driver-ctr",
          image,
          command: ["nvidia-driver"],
          args: ["init"],
          env: env(digests),
          startupProbe: { exec: { command: ["sh", "/usr/local/bin/startup-probe.sh"] } },
          lifecycle: {
            preStop: {
              exec: {
                command: [
                  "/bin/sh",
                  "-c",
                  `rm -f ${VALIDATIONS}/.driver-ctr-ready ${VALIDATIONS}/.driver-daemons-status`,
                ],
              },
            },
          },
          volumeMounts: [
            { name: "run-nvidia", mountPath: "/run/nvidia", mountPropagation: both },
            { name: "probe", mountPath: "/usr/local/bin/startup-probe.sh", subPath: "startup-probe.sh" },
          ],
        },
      ],
      volumes: [host("run-nvidia", "/run/nvidia"), { name: "probe", configMap: { name: "startup-probe" } }],
    },
    { "app.kubernetes.io/component": "nvidia-driver" },
  );
}

function toolkit(): KubernetesObject {
  return daemonSet("nvidia-container-toolkit-daemonset", "container-toolkit", {
    initContainers: [driverValidation()],
    containers: [
      {
        name: "nvidia-container-toolkit-ctr",
        command: ["/bin/sh", "-c"],
        args: ["/bin/entrypoint.sh"],
        env: env({ RUNTIME: "containerd" }),
        volumeMounts: [
          { name: "entrypoint", mountPath: "/bin/entrypoint.sh", subPath: "entrypoint.sh" },
          { name: "validations", mountPath: VALIDATIONS },
        ],
      },
    ],
    volumes: [...driverVolumes(), { name: "entrypoint", configMap: { name: "toolkit-entrypoint" } }],
  });
}

export function validator(name = "nvidia-operator-validator"): KubernetesObject {
  const workload = {
    WITH_WAIT: "false",
    VALIDATOR_IMAGE: "gpu-operator:1",
    VALIDATOR_RUNTIME_CLASS: "nvidia",
  };
  const downward: V1EnvVar[] = [
    { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
    { name: "OPERATOR_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
  ];
  const mounts = [{ name: "validations", mountPath: VALIDATIONS, mountPropagation: "Bidirectional" }];
  const step = (component: string, more: V1EnvVar[]): V1Container => ({
    name: `${component}-validation`,
    command: ["sh", "-c"],
    args: ["nvidia-validator"],
    env: [...env({ COMPONENT: component }), ...more],
    securityContext: { privileged: true, runAsUser: 0 },
    volumeMounts: mounts,
  });
  return daemonSet(
    name,
    "operator-validator",
    {
      runtimeClassName: "nvidia",
      serviceAccountName: "nvidia-operator-validator",
      initContainers: [
        driverValidation(),
        step("toolkit", env({ WITH_WAIT: "false", NVIDIA_VISIBLE_DEVICES: "all" })),
        step("cuda", [...env(workload), ...downward]),
        step("plugin", [...env({ ...workload, WITH_WORKLOAD: "false" }), ...downward]),
      ],
      containers: [
        {
          name: "nvidia-operator-validator",
          command: ["sh", "-c"],
          args: ["sleep infinity"],
          lifecycle: {
            preStop: { exec: { command: ["/bin/sh", "-c", `rm -f ${VALIDATIONS}/*-ready`] } },
          },
          volumeMounts: mounts,
        },
      ],
      volumes: driverVolumes(),
    },
    {},
    { app: "nvidia-operator-validator" },
  );
}

export function plugin(
  app = "nvidia-device-plugin-daemonset",
  configMap = "plugin-configs",
): KubernetesObject {
  return daemonSet(
    "nvidia-device-plugin-daemonset",
    "device-plugin",
    {
      runtimeClassName: "nvidia",
      shareProcessNamespace: true,
      initContainers: [toolkitValidation(), configManager("config-manager-init")],
      containers: [
        {
          name: "nvidia-device-plugin",
          command: ["/bin/sh", "-c"],
          args: ["/bin/entrypoint.sh"],
          env: env({ MIG_STRATEGY: "mixed", CONFIG_FILE: "/config/config.yaml" }),
          volumeMounts: [
            { name: "entrypoint", mountPath: "/bin/entrypoint.sh", subPath: "entrypoint.sh" },
            { name: "validations", mountPath: VALIDATIONS },
            { name: "config", mountPath: "/config" },
            { name: "mps-root", mountPath: "/mps" },
          ],
        },
        configManager("config-manager", "nvidia-device-plugin"),
      ],
      volumes: [
        host("validations", VALIDATIONS),
        host("mps-root", "/run/nvidia/mps"),
        { name: "entrypoint", configMap: { name: "plugin-entrypoint" } },
        { name: "available-configs", configMap: { name: configMap } },
        { name: "config", emptyDir: {} },
      ],
    },
    {},
    { app },
  );
}

/** @param process the one beside it that it tells of another entry; absent: none */
function configManager(name: string, process = ""): V1Container {
  return {
    name,
    command: ["config-manager"],
    env: env({
      CONFIG_FILE_DST: "/config/config.yaml",
      DEFAULT_CONFIG: "default",
      SEND_SIGNAL: String(process !== ""),
      PROCESS_TO_SIGNAL: process,
    }),
    volumeMounts: [
      { name: "available-configs", mountPath: "/available-configs" },
      { name: "config", mountPath: "/config" },
    ],
  };
}

export function toolkitValidation(): V1Container {
  return {
    name: "toolkit-validation",
    command: ["sh", "-c"],
    args: [`until [ -f ${VALIDATIONS}/toolkit-ready ]; do echo waiting; sleep 5; done`],
    volumeMounts: [{ name: "validations", mountPath: VALIDATIONS, mountPropagation: "HostToContainer" }],
  };
}

/** @param layouts mig-parted's config file; absent: the manager makes its own */
export function migManager(layouts?: string): KubernetesObject[] {
  const custom = layouts !== undefined;
  const set = daemonSet("nvidia-mig-manager", "mig-manager", {
    runtimeClassName: "nvidia",
    initContainers: [toolkitValidation()],
    containers: [
      {
        name: "nvidia-mig-manager",
        command: ["nvidia-mig-manager"],
        env: env(custom ? { CONFIG_FILE: "/mig-parted-config/config.yaml" } : {}),
        volumeMounts: custom ? [{ name: "layouts", mountPath: "/mig-parted-config" }] : [],
      },
    ],
    volumes: [
      host("validations", VALIDATIONS),
      ...(custom ? [{ name: "layouts", configMap: { name: "mig-layouts" } }] : []),
    ],
  });
  return custom ? [set, config("mig-layouts", { "config.yaml": layouts })] : [set];
}

/** @param called how its command names the daemon; another container finds it by that */
export function mpsDaemon(called = "/usr/bin/mps-control-daemon"): KubernetesObject {
  const { spec } = plugin() as unknown as V1DaemonSet;
  const { initContainers, containers, volumes } = spec!.template.spec!;
  const [main, manager] = containers;
  return daemonSet(
    "nvidia-device-plugin-mps-control-daemon",
    "device-plugin",
    {
      hostPID: true,
      runtimeClassName: "nvidia",
      initContainers: initContainers!,
      containers: [
        Object.assign({}, main, { name: "mps-control-daemon-ctr", command: [called], args: [] }),
        Object.assign({}, manager, {
          env: manager!.env!.map((each) =>
            each.name === "PROCESS_TO_SIGNAL"
              ? { name: each.name, value: "/usr/bin/mps-control-daemon" }
              : each,
          ),
        }),
      ],
      volumes: volumes!,
    },
    {},
    { nodeSelector: { "nvidia.com/mps.capable": "true" } },
  );
}

/** Natively nothing but this waits for the driver's startup probe. */
export function driverWait(): V1Container {
  return Object.assign(toolkitValidation(), {
    name: "driver-wait",
    args: [`until [ -f ${VALIDATIONS}/.driver-ctr-ready ]; do sleep 5; done`],
  });
}

function driverValidation(): V1Container {
  return {
    name: "driver-validation",
    command: ["sh", "-c"],
    args: ["nvidia-validator"],
    env: env({ WITH_WAIT: "true", COMPONENT: "driver" }),
    securityContext: { privileged: true, runAsUser: 0 },
    volumeMounts: [
      { name: "driver-root", mountPath: "/run/nvidia/driver", mountPropagation: "HostToContainer" },
      { name: "validations", mountPath: VALIDATIONS, mountPropagation: "Bidirectional" },
      { name: "host-root", mountPath: "/host" },
    ],
  };
}

function driverVolumes(): V1Volume[] {
  return [
    host("driver-root", "/run/nvidia/driver"),
    host("validations", VALIDATIONS),
    { name: "host-root", hostPath: { path: "/" } },
  ];
}

export function daemonSet(
  name: string,
  deploy: string,
  spec: V1PodSpec,
  labels: Record<string, string> = {},
  { app = name, nodeSelector = {} }: { app?: string; nodeSelector?: Record<string, string> } = {},
): KubernetesObject {
  const selector = { app, ...labels };
  const podSpec = Object.assign({ nodeSelector: { [DEPLOY + deploy]: "true", ...nodeSelector } }, spec);
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name, namespace: "gpu-operator" },
    spec: {
      selector: { matchLabels: selector },
      updateStrategy: { type: "OnDelete" },
      template: { metadata: { labels: selector }, spec: withImages(podSpec) },
    },
  };
}

function withImages(spec: V1PodSpec): V1PodSpec {
  const container = (each: V1Container): V1Container =>
    Object.assign({ image: `${each.name}:1`, securityContext: { privileged: true } }, each);
  return Object.assign({}, spec, {
    containers: spec.containers.map(container),
    initContainers: (spec.initContainers ?? []).map(container),
  });
}

export function config(name: string, data: Record<string, string>): KubernetesObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "gpu-operator" }, data };
}

export function host(name: string, path: string): V1Volume {
  return { name, hostPath: { path, type: "DirectoryOrCreate" } };
}

export function env(variables: Record<string, string>): V1EnvVar[] {
  return Object.entries(variables).map(([name, value]) => ({ name, value }));
}
