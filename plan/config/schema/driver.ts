import { z } from "zod";
import { envVar, later, orNone, repository, subdomain, version } from "./values.ts";

const driverVersion = z
  .string()
  .regex(
    /^\d{3}(\.\d+){0,2}$/,
    "wanted a driver's version such as 580.178.04, or the branch of a precompiled one such as 580",
  );

const kernelModuleType = z
  .enum(["auto", "open", "proprietary"])
  .optional()
  .describe("Kernel modules: auto takes open ones where the board can. Default: auto.");

const mode = z
  .enum(["container", "precompiled", "preinstalled"])
  .optional()
  .describe(
    "container: built on the node; precompiled: built by NVIDIA for the node's kernel; preinstalled: on the hosts.",
  );

/** `driver` of a pool. */
export const poolDriver = z.strictObject({
  mode,
  version: driverVersion
    .optional()
    .describe("Default: the zone's. Of a preinstalled driver: the version that the hosts have."),
  kernelModuleType,
});

const inNamespace = (what: string): string =>
  `ConfigMap in the namespace gpu-operator: ${what}. Give it another name when its content changes.`;

const seconds = z.int().min(1);

const startupProbe = z
  .strictObject({
    initialDelaySeconds: z.int().min(0).optional().describe("Default: 60."),
    periodSeconds: seconds.optional().describe("Default: 10."),
    timeoutSeconds: seconds.optional().describe("Default: 60."),
    failureThreshold: z.int().min(1).optional().describe("Default: 120."),
  })
  .optional()
  .describe("How long a driver may take to be built: period times threshold.");

const NODES = "wanted a number of nodes from 1, or a part of them such as 25%";

const upgradePolicy = z
  .strictObject({
    maxUnavailable: z
      .union([z.int().min(1), z.string().regex(/^([1-9]\d?|100)%$/, NODES)], {
        error: NODES,
      })
      .optional()
      .describe(
        "Ready nodes of the pools that may be out of service at once, those included that somebody else has cordoned; a part is rounded up. Default: 25%.",
      ),
    maxParallelUpgrades: z
      .int()
      .min(0)
      .optional()
      .describe("Nodes worked on at once; 0: all. Default: 1, and all with --max-unavailable."),
    podDeletion: z
      .strictObject({
        timeoutSeconds: z
          .int()
          .min(0)
          .optional()
          .describe("How long GPU pods may take to leave a node; 0: what the node may take. Default: 0."),
        deleteEmptyDir: later("pods that keep their node for the sake of an emptyDir"),
        force: z
          .boolean()
          .optional()
          .describe("Pods that nothing creates anew are evicted, too. Default: false."),
      })
      .optional()
      .describe("How GPU pods leave a node with --drain."),
  })
  .optional()
  .describe("How `zones rollout` goes about; its flags come first.");

/** `gpu.driver` beside what every operand's key takes. */
export const driverShape = {
  enabled: z.boolean().optional().describe("false: the hosts have a driver. Default: true."),
  version: driverVersion.optional().describe("Default: the driver of the release."),
  mode: mode.describe("Where the driver comes from, for pools that do not say. Default: container."),
  kernelModuleType,
  manager: z
    .strictObject({
      image: repository.optional().describe("Image without its tag. Default: the image of the release."),
      version: version.optional().describe("Image tag. Default: the tag of the release."),
      env: z.array(envVar).optional(),
    })
    .optional()
    .describe("k8s-driver-manager, which makes way for a driver."),
  repoConfig: orNone(z.strictObject({ configMapName: subdomain })).describe(
    `${inNamespace("package sources for the driver's build, a mirror for example")} null: the distribution's own, and no warning that GPUs need the internet at every boot.`,
  ),
  certConfig: z
    .strictObject({ name: subdomain })
    .optional()
    .describe(inNamespace("certificates that the driver's build trusts")),
  kernelModuleConfig: z
    .strictObject({ name: subdomain })
    .optional()
    .describe(inNamespace("parameters of kernel modules, keys such as nvidia.conf")),
  startupProbe,
  upgradePolicy,
  secretEnv: later("secret environment variables of the driver"),
  rdma: later("GPUDirect RDMA"),
  licensingConfig: later("vGPU licensing"),
  virtualTopology: later("vGPU topology"),
  livenessProbe: later("a liveness probe of the driver"),
};
