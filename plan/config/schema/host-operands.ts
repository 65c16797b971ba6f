import { z } from "zod";
import { envVar, hostPath, later } from "./values.ts";

/** `gpu.toolkit` beside what every operand's key takes. */
export const toolkitShape = {
  installDir: hostPath.optional().describe("Directory on the nodes. Default: /usr/local/nvidia."),
};

const step = (what: string) =>
  z
    .strictObject({ env: z.array(envVar).optional() })
    .optional()
    .describe(`More environment variables for the validation of ${what}.`);

/** `gpu.validator` beside what every operand's key takes. */
export const validatorShape = {
  enabled: z
    .literal(true, {
      error: "wanted true: without the validator, device plugins and GPU Feature Discovery wait for ever",
    })
    .optional()
    .describe("It cannot be disabled."),
  driver: step("the driver"),
  toolkit: step("the container toolkit"),
  cuda: step("CUDA"),
  plugin: step("the device plugin"),
};

/** `gpu.cdi`. */
export const cdi = z
  .strictObject({
    enabled: z.boolean().optional().describe("Default: true."),
    nriPluginEnabled: later("GPUs for containers by the NRI plugin"),
    default: later("CDI as the mode of every container"),
  })
  .optional()
  .describe("Container Device Interface: how GPUs reach containers.");

/** `gpu.hostPaths`. */
export const hostPaths = z
  .strictObject({
    rootFS: z
      .string()
      .regex(
        /^(\/|(\/[^/\s:]+)+)$/,
        "wanted / or an absolute path such as /sysroot, without a slash at its end",
      )
      .optional()
      .describe("Root of the hosts' file system. Default: /."),
    driverInstallDir: hostPath
      .optional()
      .describe(
        "Where the driver's files are on nodes that bring it; a driver container shows them at /run/nvidia/driver, the default.",
      ),
    kubeletRootDir: hostPath.optional().describe("The kubelet's directory. Default: /var/lib/kubelet."),
  })
  .optional()
  .describe("Where things are on the nodes.");
