import { z } from "zod";
import { app, appDefaults } from "./app.ts";
import { cluster } from "./cluster.ts";
import { gpu } from "./gpu.ts";
import { images } from "./images.ts";
import { hardwareClass, nodePool } from "./node-pool.ts";
import { date } from "./date.ts";
import { dnsLabel, flag, later, poolName } from "./values.ts";
import { window } from "./window.ts";

/** Every key of the namespace `gpu-zones:`; layer files hold the same keys without the prefix. */
export const zoneSchema = z.strictObject({
  extends: z.array(dnsLabel).default([]).describe("Layers that the zone builds on, lowest first."),
  site: z.string().min(1).optional().describe("Power domain or building."),
  cluster: cluster.prefault({}).describe("Which cluster the zone is."),
  hardware: z.record(dnsLabel, hardwareClass).default({}).describe("What a node of a kind is, for layers."),
  nodePools: z.record(poolName, nodePool).default({}).describe("The zone's GPU nodes."),
  gpu: gpu.prefault({}).describe("How the zone's GPUs are driven."),
  images: images.optional().describe("Where images come from."),
  appDefaults: appDefaults.default({}).describe("Any key of an app, for all apps."),
  apps: z.record(dnsLabel, app.nullable()).default({}).describe("What runs in the zone: one line an app."),
  secrets: later("secrets"),
  hold: z
    .strictObject({
      until: date.describe("Last day of the hold (UTC), such as 2026-12-31."),
      reason: z.string().min(1),
    })
    .optional()
    .describe("Changes to the zone wait."),
  windows: z.array(window).optional().describe("When `up` may run. Default: always."),
  capabilities: z
    .strictObject({
      monitoring: z
        .boolean()
        .optional()
        .describe(
          "The zone has Prometheus' custom resources (ServiceMonitor, PrometheusRule) and gets ours.",
        ),
      istio: z.boolean().optional().describe("The zone has Istio's custom resources."),
      crds: z
        .array(z.string().regex(/^[A-Z]\w*\.[a-z0-9.-]+$/, "wanted Kind.group"))
        .optional()
        .describe("Custom resources that the zone knows, as Kind.group."),
    })
    .default({})
    .describe("What else the zone offers."),
  deleteData: flag
    .default(false)
    .describe(
      "true: namespaces, PersistentVolumeClaims and CustomResourceDefinitions are deleted with their owner. Default: they are kept.",
    ),
});

export type ZoneSettings = z.infer<typeof zoneSchema>;
/** The same before defaults: what layer files hold. */
export type ZoneInput = z.input<typeof zoneSchema>;
