import type { Firing, Series } from "./promtool.ts";
import {
  healthy,
  MIG,
  migState,
  nodeInfo,
  offered,
  ofNode,
  ofShares,
  resource,
  type Sample,
} from "./samples.ts";

/** A zone of the boards of the samples. */
export const ZONE = `capabilities: { monitoring: true }
nodePools:
  a100: { product: NVIDIA-A100-PCIE-40GB, gpusPerNode: 1, os: ubuntu22.04, nodes: [ds-node1] }
  t4: { product: Tesla-T4, gpusPerNode: 1, os: ubuntu22.04, nodes: [ds-node2, ds-node3.example] }
  chosen: { product: Tesla-T4, gpusPerNode: 1, os: ubuntu22.04, selector: { a: b }, count: 1 }
`;
/** What makes an alert fire, and what it says then. */
export interface Case {
  readonly alert: string;
  readonly what: string;
  readonly minute: number;
  readonly series: (sample: Sample) => Series[];
  readonly firing: (sample: Sample) => Firing[];
  /** Default: ZONE. */
  readonly zone?: string;
}

/** Each share of the board shows the value: the alert fires once, for the board. */
function board(
  alert: string,
  what: string,
  metric: string,
  values: string,
  summary: string,
  minute = 12,
  labels: Record<string, string> = {},
): Case {
  return {
    ...{ alert, what, minute },
    series: (sample) => ofShares(sample, metric, values),
    firing: (sample) => [
      { labels: { ...sample.board, ...labels }, summary: summary.replace("NAME", sample.name) },
    ],
  };
}

/** A metric of the node status exporter, and what else it takes for the alert. */
function node(alert: string, metrics: Record<string, string>, summary: string): Case {
  return {
    ...{ alert, what: `${Object.keys(metrics).join(" and ")} for half an hour`, minute: 31 },
    series: (sample) => Object.entries(metrics).flatMap(([name, values]) => ofNode(sample, name, values)),
    firing: ({ board: { node: name = "" } }) => [
      { labels: { node: name }, summary: summary.replace("NAME", name) },
    ],
  };
}

export const CASES: readonly Case[] = [
  {
    alert: "GpuXid",
    what: "an XID of the last minutes",
    minute: 12,
    series: (sample) =>
      ofShares(sample, "DCGM_EXP_XID_ERRORS_COUNT", "_x20 1x20").map((each) => ({
        ...each,
        labels: { ...each.labels, xid: "79" },
      })),
    firing: (sample) => [
      { labels: { ...sample.board, xid: "79" }, summary: `${sample.name} reported XID 79.` },
    ],
  },
  board(
    "GpuEccDbe",
    "an error since the driver was loaded",
    "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL",
    "0x20 1x20",
    "NAME has a double-bit memory error.",
  ),
  board(
    "GpuEccDbe",
    "an error of the board's life",
    "DCGM_FI_DEV_ECC_DBE_AGG_TOTAL",
    "7x20 8x20",
    "NAME has a double-bit memory error.",
  ),
  board(
    "GpuRowRemapFailure",
    "a failure",
    "DCGM_FI_DEV_ROW_REMAP_FAILURE",
    "0x20 1x20",
    "NAME could not replace a bad row of its memory.",
  ),
  board(
    "GpuRowRemapped",
    "one row more",
    "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS",
    "2x20 3x20",
    "NAME replaced a row of its memory after an uncorrectable error.",
  ),
  board(
    "GpuRetiredPending",
    "a page",
    "DCGM_FI_DEV_RETIRED_PENDING",
    "0x20 1x20",
    "NAME has pages that wait for their retirement.",
  ),
  ...["CRC_FLIT", "CRC_DATA", "REPLAY", "RECOVERY"].map((kind) =>
    board(
      "GpuNvlink",
      `errors of the kind ${kind}`,
      `DCGM_FI_DEV_NVLINK_${kind}_ERROR_COUNT_TOTAL`,
      "0x10 0+1x60",
      "NAME has errors on its NVLinks.",
      20,
    ),
  ),
  board("GpuTempHigh", "81 °C", "DCGM_FI_DEV_GPU_TEMP", "81x60", "NAME is at 81 °C."),
  board("GpuTempCritical", "86 °C", "DCGM_FI_DEV_GPU_TEMP", "86x60", "NAME is at 86 °C."),
  board(
    "GpuMemoryTempCritical",
    "96 °C",
    "DCGM_FI_DEV_MEMORY_TEMP",
    "96x60",
    "The memory of NAME is at 96 °C.",
  ),
  board(
    "GpuThrottled",
    "time lost",
    "DCGM_FI_DEV_THERMAL_VIOLATION",
    "0+1000000x60",
    "NAME runs slower because it is hot.",
  ),
  {
    alert: "GpuMemoryFull",
    what: "less than a twentieth free, on one MIG device alone",
    minute: 12,
    series: (sample) => [
      ...ofShares(sample, "DCGM_FI_DEV_FB_USED", sample === MIG ? "1000x60" : "4800x60", "4800x60"),
      ...ofShares(sample, "DCGM_FI_DEV_FB_FREE", sample === MIG ? "3000x60" : "200x60", "200x60"),
    ],
    firing: (sample) => [
      {
        labels: { ...sample.board, ...sample.device },
        summary: `The memory of ${sample.name} is 96% full.`,
      },
    ],
  },
  {
    alert: "GpuIdleAllocated",
    what: "an hour of nothing, on one MIG device alone",
    minute: 61,
    series: (sample) =>
      ofShares(sample, "DCGM_FI_PROF_GR_ENGINE_ACTIVE", sample === MIG ? "0.6x240" : "0.01x240", "0.01x240"),
    firing: (sample) => [
      {
        labels: { ...sample.board, ...sample.device },
        summary: `${sample.name} belongs to a pod and does nothing.`,
      },
    ],
  },
  {
    alert: "GpuMissing",
    what: "one board where the pool has two",
    minute: 12,
    zone: ZONE.replaceAll("gpusPerNode: 1", "gpusPerNode: 2"),
    series: () => [],
    firing: (sample) => [
      {
        labels: { node: String(sample.board["node"]) },
        summary: `${String(sample.board["node"])} shows 1 GPUs; the nodes of pool ${sample === MIG ? "a100" : "t4"} have 2.`,
      },
    ],
  },
  {
    alert: "GpuUnhealthy",
    what: "less for pods than there is",
    minute: 12,
    series: (sample) => offered(sample, "allocatable", "3x60"),
    firing: (sample) => [
      {
        labels: { node: String(sample.board["node"]), resource: resource(sample) },
        summary: `${String(sample.board["node"])} has 1 of ${resource(sample)} that pods do not get.`,
      },
    ],
  },
  {
    alert: "GpuExporterDown",
    what: "no answer",
    minute: 12,
    series: (sample) =>
      healthy(sample).flatMap((each) => (each.metric === "up" ? { ...each, values: "0x60" } : [])),
    firing: (sample) => {
      const up = healthy(sample).find(({ metric }) => metric === "up");
      return [
        {
          labels: up?.labels ?? {},
          summary: `Nobody sees the GPUs of ${String(sample.board["node"])}: its DCGM exporter does not answer.`,
        },
      ];
    },
  },
  {
    alert: "GpuExporterMissing",
    what: "a node without an exporter for half an hour",
    minute: 31,
    series: () => [nodeInfo("ds-node3.example"), nodeInfo("somebody-elses")],
    firing: () => [
      {
        labels: { node: "ds-node3.example" },
        summary: "Nobody sees the GPUs of ds-node3.example: it has no DCGM exporter.",
      },
    ],
  },
  node(
    "GPUOperatorNodeDeploymentFailed",
    { device_plugin_devices_total: "0x100" },
    "NAME has offered no GPU for half an hour.",
  ),
  node(
    "GPUOperatorNodeDeploymentDriverFailed",
    { driver_validation: "0x100" },
    "The driver of NAME has not worked for half an hour.",
  ),
  node(
    "GPUOperatorNodeDeploymentToolkitFailed",
    { toolkit_ready: "0x100" },
    "The driver of NAME works, and its container toolkit has not been ready for half an hour.",
  ),
  node(
    "GPUOperatorNodeDeploymentCudaFailed",
    { cuda_ready: "0x100" },
    "The driver of NAME works, and CUDA has not been proven there for half an hour.",
  ),
  {
    alert: "GpuMigConfigFailed",
    what: "a failed state",
    minute: 12,
    series: (sample) => migState(sample, "failed"),
    firing: ({ board: { node: name = "" } }) => [
      {
        labels: { node: name, label_nvidia_com_mig_config: "all-1g.5gb" },
        summary: `${name} could not be cut into all-1g.5gb.`,
      },
    ],
  },
];
