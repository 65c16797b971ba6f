import type { Zone } from "../../plan/config/zone.ts";
import { SCRAPE } from "../../plan/config/schema/observe.ts";
import type { KubernetesObject } from "../../plan/object.ts";
import { GPU_NAMESPACE } from "./operand.ts";

const API_VERSION = "monitoring.coreos.com/v1";

/** An alert of a PrometheusRule; what it is called is the name of its page in docs/runbooks too. */
export interface Alert {
  readonly alert: string;
  readonly expr: string;
  /** How long the expression holds before the alert fires. Default: it fires at once. */
  readonly for?: string;
  readonly severity: "critical" | "warning" | "info";
  /** One sentence, with Prometheus' templates. */
  readonly summary: string;
}

/** Whether the zone has Prometheus' operator, and so a use for its objects. */
function isMonitored(zone: Zone): boolean {
  return zone.capabilities.monitoring === true;
}

/** How Prometheus finds the pods behind the Service `app` of the operands' namespace, and scrapes them; nothing without Prometheus' operator. */
export function serviceMonitor(zone: Zone, app: string, port: string): KubernetesObject[] {
  if (!isMonitored(zone)) return [];
  const own = zone.gpu.dcgmExporter?.serviceMonitor;
  return [
    {
      apiVersion: API_VERSION,
      kind: "ServiceMonitor",
      metadata: { name: app, namespace: GPU_NAMESPACE, labels: { app, ...own?.additionalLabels } },
      spec: {
        jobLabel: "app",
        selector: { matchLabels: { app } },
        namespaceSelector: { matchNames: [GPU_NAMESPACE] },
        endpoints: [
          {
            port,
            path: "/metrics",
            interval: own?.interval ?? SCRAPE.interval,
            scrapeTimeout: own?.scrapeTimeout ?? SCRAPE.timeout,
            honorLabels: own?.honorLabels ?? false,
            // The exporters' own word for the node differs between their versions; the alerts go by this one.
            relabelings: [
              { action: "replace", sourceLabels: ["__meta_kubernetes_pod_node_name"], targetLabel: "node" },
            ],
          },
        ],
      },
    },
  ];
}

/** Alerts as Prometheus' operator reads them: one PrometheusRule, beside the operand that they are about. */
export function alertRules(zone: Zone, app: string, alerts: readonly Alert[]): KubernetesObject[] {
  if (!isMonitored(zone)) return [];
  return [
    {
      apiVersion: API_VERSION,
      kind: "PrometheusRule",
      metadata: {
        name: app,
        namespace: GPU_NAMESPACE,
        labels: { app, ...zone.gpu.dcgmExporter?.serviceMonitor?.additionalLabels },
      },
      spec: {
        groups: [
          {
            name: app,
            rules: alerts.map(({ alert, expr, for: time, severity, summary }) => ({
              alert,
              expr,
              ...(time === undefined ? {} : { for: time }),
              labels: { severity, zone: zone.name },
              annotations: { summary, runbook_url: `docs/runbooks/${alert}.md` },
            })),
          },
        ],
      },
    },
  ];
}
