import type { V1PolicyRule } from "@kubernetes/client-node";
import { stringify } from "yaml";
import type { KubernetesObject } from "../../plan/object.ts";
import { NFD_GROUP, nodeFeatureDefinitions } from "./node-feature-definitions.ts";
import { nodeFeatureRules } from "./node-feature-rules.ts";
import {
  collector,
  master,
  NFD_COLLECTOR,
  NFD_MASTER,
  NFD_WORKER,
  worker,
} from "./node-feature-workloads.ts";
import { GPU_NAMESPACE, type Operand } from "./operand.ts";
import { namespaceRole, serviceAccount } from "./rbac.ts";

/**
 * Node Feature Discovery (v0.19.0): finds the NVIDIA devices, the operating system and the kernel of each node, and labels the
 * node with them; everything else on a GPU node waits for those labels (gpu-stack reference 4.12).
 */
export const nodeFeatureDiscovery: Operand = {
  name: "node-feature-discovery",
  manifests: (zone, release) =>
    zone.gpu.nfd?.mode === "existing"
      ? nodeFeatureRules()
      : [
          ...nodeFeatureDefinitions(),
          ...rights(),
          configMap(NFD_MASTER, "nfd-master.conf", MASTER_CONFIG),
          configMap(NFD_WORKER, "nfd-worker.conf", WORKER_CONFIG),
          master(zone, release, MASTER_CONFIG),
          worker(zone, release, WORKER_CONFIG),
          collector(zone, release),
          ...nodeFeatureRules(),
        ],
};

/** gpu-operator's settings (chart values of v26.7.0). */
const MASTER_CONFIG = stringify({ extraLabelNs: ["nvidia.com"] });

/** Devices are labelled by vendor alone, `pci-10de.present`; the classes are those of GPUs and of network adapters. */
const WORKER_CONFIG = stringify({
  sources: {
    pci: {
      deviceClassWhitelist: ["02", "0200", "0207", "0300", "0302"],
      deviceLabelFields: ["vendor"],
    },
  },
});

function configMap(name: string, key: string, content: string): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: GPU_NAMESPACE },
    data: { [key]: content },
  };
}

const MASTER_RULES: readonly V1PolicyRule[] = [
  { apiGroups: [""], resources: ["namespaces"], verbs: ["list", "watch"] },
  { apiGroups: [""], resources: ["nodes", "nodes/status"], verbs: ["get", "list", "patch", "update"] },
  {
    apiGroups: [NFD_GROUP],
    resources: ["nodefeatures", "nodefeaturerules", "nodefeaturegroups"],
    verbs: ["get", "list", "watch"],
  },
  { apiGroups: [NFD_GROUP], resources: ["nodefeaturegroups/status"], verbs: ["patch", "update"] },
];

const COLLECTOR_RULES: readonly V1PolicyRule[] = [
  { apiGroups: [""], resources: ["nodes"], verbs: ["list", "watch"] },
  { apiGroups: [NFD_GROUP], resources: ["nodefeatures"], verbs: ["delete", "list"] },
  {
    apiGroups: ["topology.node.k8s.io"],
    resources: ["noderesourcetopologies"],
    verbs: ["delete", "list"],
  },
];

/** Least rights. One master needs no leader, so it may not touch leases; the worker reads its node to make it the owner. */
function rights(): KubernetesObject[] {
  return [
    ...serviceAccount(NFD_MASTER, MASTER_RULES),
    ...serviceAccount(NFD_WORKER, [{ apiGroups: [""], resources: ["nodes"], verbs: ["get"] }]),
    ...namespaceRole(NFD_WORKER, [
      { apiGroups: [NFD_GROUP], resources: ["nodefeatures"], verbs: ["create", "delete", "get", "update"] },
      { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
    ]),
    ...serviceAccount(NFD_COLLECTOR, COLLECTOR_RULES),
  ];
}
