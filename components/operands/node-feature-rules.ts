import type { KubernetesObject } from "../../plan/object.ts";
import { NFD_API_VERSION } from "./node-feature-definitions.ts";

/** Kernel modules beside the driver, and the label that says that a node has them loaded (gpu-operator v26.7.0). */
const KERNEL_MODULES = { gdrcopy: "gdrdrv", gds: "nvidia_fs", peermem: "nvidia_peermem" } as const;

/**
 * Our rules for Node Feature Discovery, whoever runs it. None of them sets `nvidia.com/gpu.deploy.*`: the master applies rules
 * anew whenever a feature changes, so a rule would un-pause an operand in the middle of a driver's reload.
 */
export function nodeFeatureRules(): KubernetesObject[] {
  return [
    {
      apiVersion: NFD_API_VERSION,
      kind: "NodeFeatureRule",
      metadata: { name: "nvidia-kernel-modules" },
      spec: {
        rules: Object.entries(KERNEL_MODULES).map(([name, module]) => ({
          name: `nvidia-${name}`,
          labels: { [`nvidia.com/${name}.capable`]: "true" },
          matchFeatures: [
            { feature: "kernel.loadedmodule", matchExpressions: { [module]: { op: "Exists" } } },
          ],
        })),
      },
    },
  ];
}
