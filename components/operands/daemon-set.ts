import type {
  V1Container,
  V1DaemonSet,
  V1DaemonSetUpdateStrategy,
  V1PodSpec,
  V1Toleration,
  V1Volume,
} from "@kubernetes/client-node";
import type { KubernetesObject } from "../../plan/object.ts";
import type { Zone } from "../../plan/config/zone.ts";
import { imageName, type Release } from "../releases/release.ts";
import { GPU_NAMESPACE } from "./operand.ts";
import { tolerations } from "./tolerations.ts";

/** What an operand's DaemonSet adds to what all of them have in common. */
export interface OperandDaemonSet {
  /** The contract's name; pod label `app` is the same. */
  readonly name: string;
  /** Where several DaemonSets are one operand: their common `app`, and what tells the pods of this one, for ever. */
  readonly variant?: { readonly app: string; readonly labels: Readonly<Record<string, string>> };
  /** Suffix of `nvidia.com/gpu.deploy.<deploy>`, the label that chooses its nodes. */
  readonly deploy: string;
  /** Labels that its nodes have besides. Default: none. */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** Labels of the DaemonSet and its pods beside `app`; the selector goes by `app` alone. Default: none. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly V1Toleration[];
  /** Annotations of the pods; changing one restarts them. Default: none. */
  readonly podAnnotations?: Readonly<Record<string, string>>;
  /** Default: the zone's. */
  readonly updateStrategy?: V1DaemonSetUpdateStrategy;
  readonly spec: Omit<V1PodSpec, "tolerations" | "priorityClassName" | "nodeSelector">;
}

/**
 * A DaemonSet as NVIDIA's operands have it (gpu-operator v26.7.0): system-node-critical, one at a time, chosen by a
 * deploy label. `pulumi.com/skipAwait`: readiness is the nodes' business, one dead board must not freeze a zone.
 */
export function daemonSet(zone: Zone, operand: OperandDaemonSet): KubernetesObject {
  const common = zone.gpu.daemonsets;
  const annotations = { ...common?.annotations, ...operand.podAnnotations };
  const selected = { app: operand.variant?.app ?? operand.name, ...operand.variant?.labels };
  const labels = { ...selected, ...operand.labels };
  const body: V1DaemonSet = {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: {
      name: operand.name,
      namespace: GPU_NAMESPACE,
      labels,
      annotations: { "pulumi.com/skipAwait": "true" },
    },
    spec: {
      selector: { matchLabels: selected },
      updateStrategy:
        operand.updateStrategy ??
        (common?.updateStrategy === "OnDelete"
          ? { type: "OnDelete" }
          : {
              type: "RollingUpdate",
              rollingUpdate: { maxUnavailable: common?.rollingUpdate?.maxUnavailable ?? 1 },
            }),
      template: {
        metadata: {
          // Operands know each other by `app`: nobody else's label replaces it.
          labels: { ...common?.labels, ...labels },
          ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
        },
        spec: {
          priorityClassName: common?.priorityClassName ?? "system-node-critical",
          nodeSelector: { [`nvidia.com/gpu.deploy.${operand.deploy}`]: "true", ...operand.nodeSelector },
          tolerations: tolerations(zone, operand.tolerations),
          ...operand.spec,
        },
      },
    },
  };
  return body as unknown as KubernetesObject;
}

/** The status files of the node. Upstream wants the directory to exist; created here it cannot fail the mount on a fresh node. */
export const VALIDATIONS: V1Volume = {
  name: "run-nvidia-validations",
  hostPath: { path: "/run/nvidia/validations", type: "DirectoryOrCreate" },
};

/** Holds a pod back until the validator has seen the toolkit work on the node; the pod has the volume VALIDATIONS. */
export function toolkitValidation(release: Release): V1Container {
  return {
    name: "toolkit-validation",
    image: imageName(release.operator),
    command: ["sh", "-c"],
    args: [
      "until [ -f /run/nvidia/validations/toolkit-ready ]; do echo waiting for the container toolkit; sleep 5; done",
    ],
    securityContext: { privileged: true, runAsUser: 0 },
    volumeMounts: [
      {
        name: VALIDATIONS.name,
        mountPath: "/run/nvidia/validations",
        mountPropagation: "HostToContainer",
      },
    ],
  };
}
