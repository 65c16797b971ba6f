import { different, later, operand, same, unsupported, type ParitySection } from "./parity-row.ts";

const OFF = "virtual machines and vGPU are out of scope: zones run containers";

const COMMON_WHY = {
  imagePullPolicy:
    "images are named by tags that do not move: Kubernetes pulls them once, as IfNotPresent does",
  args: "flags of the operands are variables, too: env",
  hostNetwork: "operands reach what they need by the pods' network",
};

const common: ParitySection = {
  title: "Every operand (`<operand>.<key>`)",
  rows: [
    unsupported("<operand>.imagePullPolicy", "IfNotPresent", COMMON_WHY.imagePullPolicy),
    {
      ...later("<operand>.imagePullSecrets", "[]", "images.pullSecrets"),
      why: "once for all images of the zone",
    },
    unsupported("<operand>.args", "[]", COMMON_WHY.args),
    unsupported("<operand>.hostNetwork", "false", COMMON_WHY.hostNetwork),
  ],
};

const operator: ParitySection = {
  title: "operator",
  rows: [
    different(
      "operator.defaultRuntime",
      "docker",
      "nodePools.a.runtime",
      "each pool says its runtime; docker is not supported",
    ),
    unsupported("operator.runtimeClass", "nvidia", "the name is a contract between the operands"),
    unsupported("operator.initContainer", "{}", "init containers run images of the GPU stack release"),
    different(
      "operator.labels",
      "{}",
      "gpu.daemonsets.labels",
      "there is no operator: they are the operands' pods'",
    ),
    different(
      "operator.annotations",
      "{}",
      "gpu.daemonsets.annotations",
      "there is no operator: they are the operands' pods'",
    ),
    unsupported("operator.metrics.serviceMonitor", "{}", "there is no operator that would have metrics"),
    unsupported("operator.use_ocp_driver_toolkit", "false", "OpenShift is not supported"),
  ],
};

const daemonsets: ParitySection = {
  title: "daemonsets",
  rows: [
    same("daemonsets.labels", "{}"),
    same("daemonsets.annotations", "{}"),
    different(
      "daemonsets.tolerations",
      "nvidia.com/gpu Exists NoSchedule",
      "gpu.daemonsets.tolerations",
      "beside upstream's, and those of every pool's taints, which need no config",
    ),
    same("daemonsets.priorityClassName", "system-node-critical"),
    same("daemonsets.updateStrategy", "RollingUpdate"),
    same("daemonsets.rollingUpdate.maxUnavailable", '"1"'),
    unsupported(
      "daemonsets.podSecurityContext",
      "{}",
      "operands that touch the host are privileged, the others confined; neither is for a zone to change",
    ),
  ],
};

const driver: ParitySection = {
  title: "driver",
  rows: [
    ...operand(
      "driver",
      "nvcr.io/nvidia/driver:595.91.07",
      different("driver.enabled", "true", "gpu.driver.mode", "mode: preinstalled, for the zone or a pool"),
    ).filter(({ key }) => key !== "driver.version"),
    different(
      "driver.version",
      "595.91.07",
      "gpu.driver.version",
      "branch 580 by default: the last that drives Volta and Pascal, too",
    ),
    same("driver.kernelModuleType", "auto"),
    different(
      "driver.usePrecompiled",
      "false",
      "gpu.driver.mode",
      "mode: precompiled, for the zone or a pool",
    ),
    unsupported(
      "driver.useNvidiaDriverCRD",
      "false",
      "pools have a driver of their own: nodePools.<pool>.driver",
    ),
    unsupported("driver.useOpenKernelModules", "none", "does nothing upstream; kernelModuleType says it"),
    {
      ...same("driver.upgradePolicy.maxParallelUpgrades", "1"),
      why: "for MIG layouts and sharing, too; zones rollout --max-unavailable alone means all",
    },
    {
      ...same("driver.upgradePolicy.maxUnavailable", "25%"),
      why: "for MIG layouts and sharing, too, and of the nodes that are not dark; zones rollout --max-unavailable comes first",
    },
    different(
      "driver.upgradePolicy.gpuPodDeletion",
      "{force: false, timeoutSeconds: 300, deleteEmptyDir: false}",
      "gpu.driver.upgradePolicy.podDeletion",
      "with zones rollout --drain alone; no limit of its own by default; pods with an emptyDir are evicted, too",
    ),
    ...[
      ["autoUpgrade", "true"],
      ["waitForCompletion", "{timeoutSeconds: 0, podSelector: ''}"],
      ["drain", "{enable: false, force: false, podSelector: '', timeoutSeconds: 300, deleteEmptyDir: false}"],
    ].map(([name = "", value = ""]) =>
      different(
        `driver.upgradePolicy.${name}`,
        value,
        null,
        "zones rollout changes drivers, when a person asks for it",
      ),
    ),
    later("driver.rdma", "{enabled: false, useHostMofed: false}"),
    same(
      "driver.startupProbe",
      "{initialDelaySeconds: 60, periodSeconds: 10, timeoutSeconds: 60, failureThreshold: 120}",
    ),
    unsupported("driver.livenessProbe", "none", "a killed driver container takes the node's GPUs with it"),
    unsupported("driver.readinessProbe", "none", "the validator says when the driver works"),
    {
      ...same("driver.manager", "k8s-driver-manager v0.12.0; env: []"),
      why: "manager.image holds registry and repository",
    },
    later("driver.licensingConfig", "{}"),
    later("driver.virtualTopology.config", "''"),
    same("driver.kernelModuleConfig.name", "''"),
    same("driver.certConfig.name", "''"),
    same("driver.repoConfig.configMapName", "''"),
    same("driver.secretEnv", "''"),
  ],
};

const toolkit: ParitySection = {
  title: "toolkit",
  rows: [
    ...operand("toolkit", "nvcr.io/nvidia/k8s/container-toolkit:v1.20.0", same("toolkit.enabled", "true")),
    same("toolkit.installDir", "/usr/local/nvidia"),
  ],
};

const PLUGIN_IMAGE = "nvcr.io/nvidia/k8s-device-plugin:v0.20.0";

const devicePlugin: ParitySection = {
  title: "devicePlugin, gfd",
  rows: [
    ...operand("devicePlugin", PLUGIN_IMAGE, same("devicePlugin.enabled", "true")),
    different(
      "devicePlugin.config.name",
      "''",
      "nodePools.a.sharing",
      "our ConfigMap holds an entry for each pool that shares",
    ),
    different(
      "devicePlugin.config.default",
      "''",
      "nodePools.a.sharing",
      "nodes of pools that do not share use our entry default",
    ),
    same("devicePlugin.mps.root", "/run/nvidia/mps"),
    ...operand("gfd", PLUGIN_IMAGE, same("gfd.enabled", "true")),
  ],
};

const mig: ParitySection = {
  title: "mig, migManager",
  rows: [
    same("mig.strategy", "single"),
    ...operand(
      "migManager",
      "nvcr.io/nvidia/cloud-native/k8s-mig-manager:v0.15.0",
      different(
        "migManager.enabled",
        "true",
        "gpu.migManager.enabled",
        "true; there where a pool's boards can be cut, or are unknown",
      ),
    ),
    different(
      "migManager.config.name",
      "''",
      "nodePools.a.mig",
      "a ConfigMap of ours where a pool has a layout of its own",
    ),
    different(
      "migManager.config.default",
      "all-disabled",
      "nodePools.a.mig",
      "nodes of a pool without mig get no layout: their boards stay as they are",
    ),
    different(
      "migManager.config.data",
      "default-mig-parted-config",
      null,
      "none: the manager generates standard layouts from the hardware, and ends where it cannot",
    ),
    same("migManager.gpuClientsConfig.name", "''"),
  ],
};

const dcgm: ParitySection = {
  title: "dcgm, dcgmExporter",
  rows: [
    later("dcgm", "{enabled: false, hostPort: none}"),
    ...operand(
      "dcgmExporter",
      "nvcr.io/nvidia/k8s/dcgm-exporter:4.6.0-4.8.3-distroless",
      same("dcgmExporter.enabled", "true"),
    ),
    different(
      "dcgmExporter.config.name",
      "''",
      null,
      "our own list of counters, with ECC, retired pages, throttling and profiling",
    ),
    different(
      "dcgmExporter.serviceMonitor.enabled",
      "false",
      "capabilities.monitoring",
      "capabilities.monitoring: true",
    ),
    same("dcgmExporter.serviceMonitor.interval", "15s"),
    same("dcgmExporter.serviceMonitor.scrapeTimeout", "10s"),
    same("dcgmExporter.serviceMonitor.honorLabels", "false"),
    same("dcgmExporter.serviceMonitor.additionalLabels", "{}"),
    unsupported("dcgmExporter.serviceMonitor.relabelings", "[]", "our alerts go by the labels as they are"),
    same("dcgmExporter.service.type", "ClusterIP"),
    same("dcgmExporter.service.internalTrafficPolicy", "Cluster"),
    same("dcgmExporter.enablePodLabels", "false"),
    same("dcgmExporter.enablePodUID", "false"),
    same("dcgmExporter.podLabelAllowlistRegex", "[]"),
    later("dcgmExporter.hpcJobMapping", "{enabled: false, directory: ''}"),
    unsupported("dcgmExporter.hostPID", "false", "only mapping of HPC jobs wants it"),
    different("dcgmExporter.annotations", "{}", "gpu.daemonsets.annotations", "for all operands"),
  ],
};

const OPERATOR_IMAGE = "nvcr.io/nvidia/gpu-operator:v26.7.0";

const validator: ParitySection = {
  title: "validator, nodeStatusExporter",
  rows: [
    ...operand(
      "validator",
      OPERATOR_IMAGE,
      different(
        "validator.enabled",
        "true",
        null,
        "cannot be disabled: the other operands wait for the file that it writes",
      ),
    ),
    ...["driver", "toolkit", "cuda", "plugin"].map((part) => same(`validator.${part}.env`, "[]")),
    ...["vfioPCI", "vgpuManager", "vgpuDevices"].map((part) =>
      unsupported(`validator.${part}.env`, "[]", OFF),
    ),
    ...operand(
      "nodeStatusExporter",
      OPERATOR_IMAGE,
      different(
        "nodeStatusExporter.enabled",
        "false",
        "gpu.nodeStatusExporter.enabled",
        "true: it costs little and says what a node waits for",
      ),
    ),
  ],
};

const node: ParitySection = {
  title: "cdi, hostPaths, psa, gds, gdrcopy",
  rows: [
    same("cdi.enabled", "true"),
    later("cdi.nriPluginEnabled", "false"),
    unsupported("cdi.default", "false", "deprecated upstream, and without effect"),
    same("hostPaths.rootFS", "/"),
    same("hostPaths.driverInstallDir", "/run/nvidia/driver"),
    same("hostPaths.kubeletRootDir", "/var/lib/kubelet"),
    different("psa.enabled", "false", null, "the namespace always admits privileged pods: it is ours alone"),
    unsupported("psp", "none", "Kubernetes has no PodSecurityPolicy any more"),
    later("gds", "{enabled: false}"),
    later("gdrcopy", "{enabled: false}"),
  ],
};

const virtual: ParitySection = {
  title: "Virtual machines",
  rows: [
    unsupported("sandboxWorkloads", "{enabled: false, defaultWorkload: container}", OFF),
    ...[
      "vfioManager",
      "sandboxDevicePlugin",
      "kataSandboxDevicePlugin",
      "vgpuManager",
      "vgpuDeviceManager",
      "ccManager",
    ].map((key) => unsupported(key, "off", OFF)),
    unsupported("kataManager", "off", "ignored upstream"),
  ],
};

const chart: ParitySection = {
  title: "The chart's own values",
  rows: [
    different(
      "nfd.enabled",
      "true",
      "gpu.nfd.mode",
      "mode: existing, where the cluster has Node Feature Discovery already",
    ),
    different("nfd.nodefeaturerules", "false", null, "our rules are always there"),
    different(
      "node-feature-discovery",
      "values of its chart",
      "gpu.nfd",
      "image, version, resources and tolerations",
    ),
    unsupported("operator.upgradeCRD", "true", "custom resource definitions are objects of the plan"),
    different(
      "operator.cleanupCRD",
      "false",
      "deleteData",
      "a destroy keeps them; deleteData: true lets all data go",
    ),
    unsupported("extraObjects", "[]", "apps are kustomizations of any objects"),
  ],
};

/** A row for each key of section 15 of ClusterPolicy's and the chart's, in the order of their documentation. */
export const PARITY: readonly ParitySection[] = [
  common,
  operator,
  daemonsets,
  driver,
  toolkit,
  devicePlugin,
  dcgm,
  mig,
  validator,
  node,
  virtual,
  chart,
];
