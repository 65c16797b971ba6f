import { z } from "zod";
import {
  DEPLOY,
  DRIVER,
  GPU_PRESENT,
  MIG_CAPABLE,
  MIG_CONFIG,
  PLUGIN_CONFIG,
  POOL,
  POOL_TABLE,
} from "./labels.ts";
import type { NodeDraft, Observed } from "./node-draft.ts";

const OPERANDS = [
  "driver",
  "container-toolkit",
  "device-plugin",
  "gpu-feature-discovery",
  "dcgm-exporter",
  "operator-validator",
  "node-status-exporter",
];

/** Any of them: Node Feature Discovery saw an NVIDIA device. */
const NVIDIA_DEVICE = ["pci-10de", "pci-0302_10de", "pci-0300_10de"].map(
  (device) => `feature.node.kubernetes.io/${device}.present`,
);

const pool = z.object({
  pool: z.string(),
  nodes: z.array(z.string()).nullable(),
  selector: z.record(z.string(), z.string()).nullable(),
  driver: z.string().nullable(),
  migConfig: z.string().nullable(),
  devicePluginConfig: z.string().nullable(),
});
type Pool = z.infer<typeof pool>;

/** The zone's labeller: it gives the nodes of a pool the labels that the operands wait for. */
export function label(node: NodeDraft, observed: Observed): void {
  const table = readTable(node, observed);
  const entry = table?.find((each) => isOfPool(node, each));
  if (entry === undefined) return;
  if (!NVIDIA_DEVICE.some((key) => node.labels[key] === "true")) return;
  if (node.labels[`${DEPLOY}operands`] === "false") return;
  const { labels } = node;
  for (const operand of OPERANDS) setWhereEmpty(labels, DEPLOY + operand, "true");
  if (labels[MIG_CAPABLE] === "true") setWhereEmpty(labels, `${DEPLOY}mig-manager`, "true");
  if (entry.migConfig !== null) labels[MIG_CONFIG] ??= entry.migConfig;
  if (entry.devicePluginConfig !== null) labels[PLUGIN_CONFIG] ??= entry.devicePluginConfig;
  labels[GPU_PRESENT] = "true";
  labels[POOL] = entry.pool;
  if (entry.driver !== null) labels[DRIVER] = entry.driver;
}

function setWhereEmpty(labels: Record<string, string>, key: string, value: string): void {
  if ((labels[key] ?? "") === "") labels[key] = value;
}

function isOfPool(node: NodeDraft, { nodes, selector }: Pool): boolean {
  if (nodes !== null) return nodes.includes(node.name);
  const wanted = Object.entries(selector ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => node.labels[key] === value);
}

/** Undefined: the zone has no table, so there is nothing to do. */
function readTable(node: NodeDraft, observed: Observed): readonly Pool[] | undefined {
  const map = observed.configMaps[POOL_TABLE];
  if (map === undefined) return undefined;
  try {
    return z.array(pool).parse(JSON.parse(map["pools.json"] ?? ""));
  } catch (error) {
    const problem = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    node.complaints.push(
      `labeller: ConfigMap ${POOL_TABLE}, key pools.json, is no table of pools: ${problem}`,
    );
    return undefined;
  }
}
