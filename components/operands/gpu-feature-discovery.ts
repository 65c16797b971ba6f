import type { V1EnvVar, V1Toleration } from "@kubernetes/client-node";
import type { KubernetesObject } from "../../plan/object.ts";
import type { Zone } from "../../plan/config/zone.ts";
import type { Release } from "../releases/release.ts";
import { operandRuntimeClass } from "./cdi.ts";
import { CONFIG_FILE, configManager } from "./config-manager.ts";
import { daemonSet, toolkitValidation, VALIDATIONS } from "./daemon-set.ts";
import { migEnv } from "./device-plugin.ts";
import type { Operand } from "./operand.ts";
import { environment, operandImage } from "./operand-settings.ts";
import { namespaceRole, nodeReader } from "./rbac.ts";
import { resourceRequirements } from "./resource-requirements.ts";

const NAME = "gpu-feature-discovery";
const SERVICE_ACCOUNT = "nvidia-gpu-feature-discovery";
const FEATURES = "/etc/kubernetes/node-feature-discovery/features.d";

/**
 * Says which GPUs a node has, in a NodeFeature object from which Node Feature Discovery makes labels: they vanish
 * with this DaemonSet, and apps that select them with their next pod (gpu-stack reference 4.7, operator v26.7.0).
 */
export const gpuFeatureDiscovery: Operand = {
  name: "gpu-feature-discovery",
  manifests: (zone, release) =>
    zone.gpu.gfd?.enabled === false
      ? []
      : [
          ...nodeReader(SERVICE_ACCOUNT),
          ...namespaceRole(SERVICE_ACCOUNT, [
            {
              apiGroups: ["nfd.k8s-sigs.io"],
              resources: ["nodefeatures"],
              verbs: ["get", "list", "watch", "create", "update"],
            },
            // Its own pod: the NodeFeature is to go with it and its DaemonSet.
            { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
          ]),
          discovery(zone, release),
        ],
};

function discovery(zone: Zone, release: Release): KubernetesObject {
  const own = zone.gpu.gfd;
  const image = operandImage(own, release.devicePlugin);
  const config = configManager({ image, process: NAME });
  return daemonSet(zone, {
    name: NAME,
    deploy: NAME,
    labels: { "app.kubernetes.io/part-of": "nvidia-gpu" },
    tolerations: (own?.tolerations ?? []) as V1Toleration[],
    spec: {
      serviceAccountName: SERVICE_ACCOUNT,
      ...operandRuntimeClass(zone),
      // The config manager signals it when the node's label names another entry.
      shareProcessNamespace: true,
      initContainers: [toolkitValidation(release), config.init],
      containers: [
        {
          name: NAME,
          image,
          command: [NAME],
          env: environment(discoveryEnv(zone), own?.env ?? []),
          ...resourceRequirements(own?.resources),
          securityContext: { privileged: true },
          volumeMounts: [
            { name: "output-dir", mountPath: FEATURES },
            { name: "host-sys", mountPath: "/sys", readOnly: true },
            config.mount,
          ],
        },
        config.sidecar,
      ],
      volumes: [
        VALIDATIONS,
        { name: "output-dir", hostPath: { path: FEATURES, type: "DirectoryOrCreate" } },
        { name: "host-sys", hostPath: { path: "/sys", type: "Directory" } },
        ...config.volumes,
      ],
    },
  });
}

function discoveryEnv(zone: Zone): V1EnvVar[] {
  const field = (name: string, fieldPath: string): V1EnvVar => ({
    name,
    valueFrom: { fieldRef: { fieldPath } },
  });
  return [
    { name: "GFD_SLEEP_INTERVAL", value: "60s" },
    { name: "GFD_FAIL_ON_INIT_ERROR", value: "true" },
    field("NAMESPACE", "metadata.namespace"),
    field("NODE_NAME", "spec.nodeName"),
    field("POD_NAME", "metadata.name"),
    ...migEnv(zone),
    { name: "CONFIG_FILE", value: CONFIG_FILE },
  ];
}
