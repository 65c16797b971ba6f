import { z } from "zod";
import { driverShape } from "./driver.ts";
import { cdi, hostPaths, toolkitShape, validatorShape } from "./host-operands.ts";
import { dcgmExporterShape, nfdMode } from "./observe.ts";
import {
  envVar,
  hostPath,
  labels,
  later,
  repository,
  resources,
  subdomain,
  toleration,
  version,
} from "./values.ts";

/** Nodes at once, 1 or more, or a share of all. */
const maxUnavailable = z.union([
  z.int().min(1),
  z
    .string()
    .regex(/^([1-9]|[1-9]\d|100)%$/, "wanted a number of nodes such as 1, or a percentage such as 25%"),
]);

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
      rollingUpdate: z
        .strictObject({ maxUnavailable: maxUnavailable.optional() })
        .optional()
        .describe("How many nodes an update takes at once: a number or a percentage. Default: 1."),
      labels: labels.optional().describe("More labels of the operands' pods."),
      annotations: z
        .record(z.string().min(1), z.string())
        .optional()
        .describe("Annotations of the operands' pods."),
    })
    .optional()
    .describe("What all operands' DaemonSets have in common."),
  driver: z
    .strictObject({ ...operandShape, ...driverShape })
    .optional()
    .describe("The driver that the zone's nodes get."),
  toolkit: z.strictObject({ ...operandShape, ...toolkitShape }).optional(),
  gfd: operand.optional(),
  dcgm: later("installing DCGM"),
  dcgmExporter: z.strictObject({ ...operandShape, ...dcgmExporterShape }).optional(),
  migManager: migManager.optional(),
  nfd: z
    .strictObject({
      mode: nfdMode,
      image: operandShape.image,
      version: operandShape.version,
      resources: operandShape.resources.describe("Of the worker, which runs on every node."),
      tolerations: operandShape.tolerations,
    })
    .optional()
    .describe("Node Feature Discovery."),
  validator: z
    .strictObject({ ...operandShape, ...validatorShape })
    .optional()
    .describe("What looks at driver, toolkit and plugin of a node; image and version are the operator's."),
  nodeStatusExporter: operand.optional(),
  gds: later("GPUDirect Storage"),
  gdrcopy: later("GDRCopy"),
  cdi,
  hostPaths,
  readyTimeout: z
    .string()
    .regex(/^\d+(s|m|h)$/, "wanted a time such as 90s, 30m or 1h")
    .default("30m")
    .describe("How long `zones up` waits for the zone's apps where `--wait` does not say it."),
});
