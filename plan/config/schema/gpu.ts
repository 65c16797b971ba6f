import { z } from "zod";
import { driverShape } from "./driver.ts";
import { cdi, hostPaths, toolkitShape, validatorShape } from "./host-operands.ts";
import { envVar, later, repository, resources, subdomain, toleration, version } from "./values.ts";

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
  devicePlugin: operand.optional(),
  daemonsets: z
    .strictObject({
      tolerations: z.array(toleration).optional(),
      priorityClassName: subdomain.optional().describe("Default: system-node-critical."),
      updateStrategy: z.enum(["RollingUpdate", "OnDelete"]).optional().describe("Default: RollingUpdate."),
    })
    .optional()
    .describe("What all operands' DaemonSets have in common."),
  driver: z
    .strictObject({ ...operandShape, ...driverShape })
    .optional()
    .describe("The driver that the zone's nodes get."),
  toolkit: z.strictObject({ ...operandShape, ...toolkitShape }).optional(),
  gfd: later("configuring GPU Feature Discovery"),
  dcgm: later("installing DCGM"),
  dcgmExporter: later("installing the DCGM exporter"),
  migManager: later("installing the MIG manager"),
  nfd: later("installing Node Feature Discovery"),
  validator: z
    .strictObject({ ...operandShape, ...validatorShape })
    .optional()
    .describe("What looks at driver, toolkit and plugin of a node; image and version are the operator's."),
  nodeStatusExporter: later("installing the node status exporter"),
  gds: later("GPUDirect Storage"),
  gdrcopy: later("GDRCopy"),
  cdi,
  hostPaths,
  readyTimeout: later("a time limit for GPU readiness"),
});
