import { z } from "zod";
import { labels, later } from "./values.ts";

const UNIT = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** Prometheus' defaults of this stack's ServiceMonitors (gpu-operator v26.7.0). */
export const SCRAPE = { interval: "15s", timeout: "10s" } as const;

const duration = z.string().regex(/^[1-9]\d*(ms|s|m|h)$/, "wanted a duration such as 15s or 1m");

/** Milliseconds of a duration that is right. */
function milliseconds(text: string): number {
  const unit = text.replace(/^\d+/, "") as keyof typeof UNIT;
  return Number.parseInt(text, 10) * UNIT[unit];
}

const serviceMonitor = z
  .strictObject({
    interval: duration.optional().describe(`Between two scrapes. Default: ${SCRAPE.interval}.`),
    scrapeTimeout: duration.optional().describe(`Not longer than interval. Default: ${SCRAPE.timeout}.`),
    honorLabels: z
      .boolean()
      .optional()
      .describe(
        "true: pod, namespace and container are the workload's; false: the workload's are exported_pod and so on. Default: false.",
      ),
    additionalLabels: labels
      .optional()
      .describe("Labels of our ServiceMonitors and PrometheusRules, by which a Prometheus chooses them."),
  })
  .superRefine(({ interval, scrapeTimeout }, context) => {
    if (milliseconds(scrapeTimeout ?? SCRAPE.timeout) <= milliseconds(interval ?? SCRAPE.interval)) return;
    context.addIssue({
      code: "custom",
      path: [scrapeTimeout === undefined ? "interval" : "scrapeTimeout"],
      message: `wanted a scrapeTimeout (default ${SCRAPE.timeout}) that is not longer than interval (default ${SCRAPE.interval})`,
    });
  });

/** What `gpu.dcgmExporter` takes beside what every operand takes. */
export const dcgmExporterShape = {
  serviceMonitor: serviceMonitor
    .optional()
    .describe("How Prometheus scrapes; read where capabilities.monitoring is true."),
  service: z
    .strictObject({
      type: z.enum(["ClusterIP", "NodePort", "LoadBalancer"]).optional().describe("Default: ClusterIP."),
      internalTrafficPolicy: z.enum(["Cluster", "Local"]).optional().describe("Default: Cluster."),
    })
    .optional(),
  enablePodLabels: z
    .boolean()
    .optional()
    .describe("true: labels of the pod that uses a GPU become labels of its metrics. Default: false."),
  enablePodUID: z
    .boolean()
    .optional()
    .describe("true: the UID of the pod that uses a GPU is a label of its metrics. Default: false."),
  podLabelAllowlistRegex: z
    .array(
      z
        .string()
        .regex(/^[^,]+$/, "wanted a regular expression without a comma, at which the exporter splits"),
    )
    .min(1)
    .optional()
    .describe("Keys of the pod labels that enablePodLabels takes. Default: all."),
  hpcJobMapping: later("mapping HPC jobs to GPUs"),
};

/** Who runs Node Feature Discovery. */
export const nfdMode = z
  .enum(["managed", "existing"])
  .optional()
  .describe(
    "managed: we install it; existing: the cluster has one, and gets our rules alone. Default: managed.",
  );
