import { z } from "zod";
import { envName, hostPath, later, repository, resources, subdomain, toleration, version } from "./values.ts";

const envVar = z.strictObject({ name: envName, value: z.string() });

/** What every operand's key takes: names are ClusterPolicy's. */
export const operandShape = {
  enabled: z.boolean().optional().describe("Default: true."),
  version: version.optional().describe("Image tag. Default: the tag of the release."),
  image: repository.optional().describe("Image without its tag. Default: the image of the release."),
  resources: resources.optional(),
  env: z.array(envVar).optional().describe("More environment variables for the operand's main container."),
  tolerations: z.array(toleration).optional().describe("Tolerations beside those of the pools' taints."),
};

const operand = z.strictObject(operandShape);
export type OperandSettings = z.infer<typeof operand>;

const devicePlugin = z.strictObject({
  ...operandShape,
  mps: z
    .strictObject({ root: hostPath.optional().describe("Directory on the nodes. Default: /run/nvidia/mps.") })
    .optional()
    .describe("Where the MPS control daemon and its clients meet."),
});

const migManager = z.strictObject({
  ...operandShape,
  strategy: z.enum(["none", "single", "mixed"]).optional().describe("Another name of mig.strategy."),
  gpuClientsConfig: z
    .strictObject({ name: subdomain })
    .optional()
    .describe(
      "ConfigMap in the namespace gpu-operator, key clients.yaml: systemd services that hold GPUs. Default: NVIDIA's list.",
    ),
});

/** How the zone's GPUs are driven; names and nesting are ClusterPolicy's. */
export const gpu = z.strictObject({
  managed: z
    .boolean()
    .default(true)
    .describe(
      "false: a GPU Operator or somebody else runs the GPU stack; we predict, check and install apps.",
    ),
  release: z.enum(["26.7"]).default("26.7").describe("The tested set of component versions."),
  mig: z
    .strictObject({ strategy: z.enum(["none", "single", "mixed"]).optional() })
    .optional()
    .describe("MIG strategy of the device plugin and GPU Feature Discovery. Default: single, as upstream."),
  devicePlugin: devicePlugin.optional(),
  daemonsets: z
    .strictObject({
      tolerations: z.array(toleration).optional(),
      priorityClassName: subdomain.optional().describe("Default: system-node-critical."),
      updateStrategy: z.enum(["RollingUpdate", "OnDelete"]).optional().describe("Default: RollingUpdate."),
    })
    .optional()
    .describe("What all operands' DaemonSets have in common."),
  driver: later("installing the driver natively"),
  toolkit: later("installing the container toolkit natively"),
  gfd: operand.optional(),
  dcgm: later("installing DCGM"),
  dcgmExporter: later("installing the DCGM exporter"),
  migManager: migManager.optional(),
  nfd: later("installing Node Feature Discovery"),
  validator: later("installing the operator validator"),
  nodeStatusExporter: later("installing the node status exporter"),
  gds: later("GPUDirect Storage"),
  gdrcopy: later("GDRCopy"),
  cdi: later("configuring CDI"),
  hostPaths: later("host paths of its own"),
  readyTimeout: later("a time limit for GPU readiness"),
});
