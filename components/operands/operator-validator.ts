import type { V1EnvVar, V1Toleration } from "@kubernetes/client-node";
import type { KubernetesObject } from "../../plan/object.ts";
import type { Zone } from "../../plan/config/zone.ts";
import { migStrategy } from "../../plan/gpu/product-label.ts";
import type { Release } from "../releases/release.ts";
import { operandRuntimeClass } from "./cdi.ts";
import { daemonSet, VALIDATIONS } from "./daemon-set.ts";
import {
  driverValidation,
  driverValidationVolumes,
  validation,
  validatorImage,
} from "./driver-validation.ts";
import { withHostRoot } from "./host-paths.ts";
import type { Operand } from "./operand.ts";
import { namespaceRole, nodeReader } from "./rbac.ts";
import { resourceRequirements } from "./resource-requirements.ts";

/** The validator looks its own DaemonSet up by this name, for the tolerations of the pods that it makes. */
const NAME = "nvidia-operator-validator";

/**
 * Says which parts of a node work, by files that the other operands wait for; so it cannot be disabled
 * (gpu-stack reference 4.4, operator v26.7.0).
 */
export const operatorValidator: Operand = {
  name: "operator-validator",
  manifests: (zone, release) => [
    ...nodeReader(NAME),
    ...namespaceRole(NAME, [
      {
        apiGroups: [""],
        resources: ["pods"],
        verbs: ["get", "list", "watch", "create", "update", "patch", "delete"],
      },
      { apiGroups: ["apps"], resources: ["daemonsets"], verbs: ["get", "list", "watch"] },
    ]),
    validator(zone, release),
  ],
};

function validator(zone: Zone, release: Release): KubernetesObject {
  const own = zone.gpu.validator;
  const image = validatorImage(zone, release);
  const { runtimeClassName } = operandRuntimeClass(zone);
  const withoutWait = { name: "WITH_WAIT", value: "false" };
  const workload: V1EnvVar[] = [
    withoutWait,
    { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
    { name: "VALIDATOR_IMAGE", value: image },
    { name: "VALIDATOR_IMAGE_PULL_POLICY", value: "IfNotPresent" },
    ...(runtimeClassName === undefined ? [] : [{ name: "VALIDATOR_RUNTIME_CLASS", value: runtimeClassName }]),
  ];
  const steps = [
    ...driverValidation(zone, release),
    validation(zone, release, "toolkit", [withoutWait, { name: "NVIDIA_VISIBLE_DEVICES", value: "all" }]),
    validation(zone, release, "cuda", workload),
    // Without a plugin of ours there may be none at all; the node would never be called usable.
    ...(zone.gpu.devicePlugin?.enabled === false
      ? []
      : [
          validation(zone, release, "plugin", [
            ...workload,
            { name: "WITH_WORKLOAD", value: "false" },
            { name: "MIG_STRATEGY", value: migStrategy(zone.gpu) },
          ]),
        ]),
  ];
  const main = {
    name: NAME,
    image,
    command: ["sh", "-c"],
    // The first process of a container hears no signal that it does not ask for.
    args: ["echo all validations are successful; trap 'exit 0' TERM INT; sleep infinity & wait"],
    env: [...(own?.env ?? [])],
    ...resourceRequirements(own?.resources),
    securityContext: { privileged: true, runAsUser: 0 },
    lifecycle: {
      preStop: { exec: { command: ["/bin/sh", "-c", "rm -f /run/nvidia/validations/*-ready"] } },
    },
    volumeMounts: [
      { name: VALIDATIONS.name, mountPath: "/run/nvidia/validations", mountPropagation: "Bidirectional" },
    ],
  };
  return daemonSet(zone, {
    name: NAME,
    deploy: "operator-validator",
    labels: { "app.kubernetes.io/part-of": "gpu-operator" },
    tolerations: (own?.tolerations ?? []) as V1Toleration[],
    spec: {
      serviceAccountName: NAME,
      ...operandRuntimeClass(zone),
      initContainers: steps.map((each) => withHostRoot(zone, each)),
      containers: [withHostRoot(zone, main)],
      volumes: driverValidationVolumes(zone),
    },
  });
}
