import { z } from "zod";
import { dnsLabel, envName, image, later, memory, orNone, resources } from "./values.ts";

/** Kubernetes counts replicas in 32 bits. */
const INT32_MAX = 2 ** 31 - 1;

const count = z.int().min(1).default(1).describe("How many each replica gets. Default: 1.");

/** What one replica needs of a GPU: a board, a MIG slice, or nodes of a product label given verbatim. */
const gpuRequest = z.union(
  [
    z.strictObject({
      mig: z
        .string()
        .regex(/^\d+g\.\d+gb([+.](me(\.all)?|gfx)|-me)?$/, "wanted a MIG profile such as 1g.5gb"),
      count,
    }),
    z.strictObject({ productLabel: z.string().min(1), count }),
    z.strictObject({
      model: z.string().min(1).optional().describe("The board, as the pools' `product` names it."),
      count,
      shared: z
        .union([z.boolean(), z.literal("any")])
        .optional()
        .describe("true: agrees to share the GPU; false: sharing is an error; any: takes both kinds."),
      memory: memory
        .optional()
        .describe("What one replica needs on the board; pools that are known to have less do not fit."),
    }),
  ],
  { error: "wanted {model?, count, shared?, memory?}, {mig, count} or {productLabel, count}" },
);

/** `apps.<app>`: one line puts an app on a zone; `{}` is enough. */
export const app = z.strictObject({
  enabled: z.boolean().optional().describe("false removes an app that a lower layer lists. Default: true."),
  overlay: z.string().min(1).optional().describe("Directory under apps/<app>. Default: base."),
  components: z.array(z.string().min(1)).optional().describe("Directories under apps/<app>/components."),
  namespace: dnsLabel.optional().describe("Default: the app's name."),
  replicas: z
    .int()
    .min(0)
    .max(INT32_MAX)
    .optional()
    .describe("Replicas of the workload. Default: the overlay's."),
  image: image.optional().describe("A tag (1.14.2), a full name (pd:1.14.2) or a digest (sha256:…)."),
  resources: resources.optional().describe("cpu and memory: request = limit unless both are given."),
  gpu: orNone(gpuRequest).describe(
    "GPU of each replica; it replaces every nvidia.com/* request and limit of the container. null: none, whatever appDefaults says.",
  ),
  workload: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The workload that replicas, image, gpu and env act on. Default: the one named as the app, else the only one.",
    ),
  container: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The container they act on. Default: the one that asks for nvidia.com/*, else the one with a port, else the first.",
    ),
  env: z
    .record(envName, z.union([z.string(), z.number(), z.boolean()]))
    .optional()
    .describe("Environment variables of the container."),
  after: z.array(dnsLabel).optional().describe("Apps that come first."),
  patches: z.array(z.record(z.string(), z.unknown())).optional().describe("kustomize patches, verbatim."),
  cudaMin: z
    .string()
    .regex(/^\d+\.\d+$/, 'wanted a CUDA version such as "12.8", in quotes')
    .optional()
    .describe(
      "Oldest CUDA version that the app's image runs with; the driver of its nodes is checked against it.",
    ),
  minReplicas: later("survivability"),
  priority: later("priorities of apps"),
  secretEnv: later("secrets in environment variables"),
});

/** `appDefaults`: any key of an app, for all apps; an app is taken out by its own name alone. */
export const appDefaults = app.extend({
  enabled: z
    .literal(true, { error: "wanted no enabled: false for all apps at once" })
    .optional()
    .describe("Apps are taken out one by one, each by its own name."),
});
