import type { Series } from "./promtool.ts";

/** One board as the DCGM exporter shows it: a series of every metric for each MIG device, or for each pod that shares it. */
export interface Sample {
  readonly title: string;
  /** Labels of the board that alerts keep. */
  readonly board: Readonly<Record<string, string>>;
  /** Labels of its MIG device or share that alerts keep, the first one's. */
  readonly device: Readonly<Record<string, string>>;
  /** Labels of each series of the board. */
  readonly shares: readonly Readonly<Record<string, string>>[];
  /** What alerts call it. */
  readonly name: string;
}

function target(node: string): Record<string, string> {
  return {
    job: "nvidia-dcgm-exporter",
    namespace: "gpu-operator",
    pod: `nvidia-dcgm-exporter-${node}`,
    container: "nvidia-dcgm-exporter",
    instance: `${node}:9400`,
    node,
    hostname: node,
    DCGM_FI_DRIVER_VERSION: "580.178.04",
  };
}

function user(pod: string): Record<string, string> {
  return { exported_namespace: "apps", exported_pod: pod, exported_container: "main" };
}

const A100 = {
  ...{ node: "ds-node1", gpu: "0", UUID: "GPU-a100" },
  modelName: "NVIDIA A100-PCIE-40GB",
};
const T4 = { node: "ds-node2", gpu: "0", UUID: "GPU-t4", modelName: "Tesla T4" };

/** An A100 of seven slices; a pod has each but the last. */
export const MIG: Sample = {
  title: "a board in MIG mode",
  board: A100,
  device: { GPU_I_PROFILE: "1g.5gb", GPU_I_ID: "7" },
  shares: [7, 8, 9, 10, 11, 12, 13].map((id) => ({
    GPU_I_PROFILE: "1g.5gb",
    GPU_I_ID: String(id),
    ...(id === 13 ? {} : user(`slice-${id}`)),
  })),
  name: "GPU 0 (NVIDIA A100-PCIE-40GB) of ds-node1",
};

/** A T4 that four pods share. */
export const SHARED: Sample = {
  title: "a time-sliced board",
  board: T4,
  device: {},
  shares: [0, 1, 2, 3].map((share) => ({ vgpu: String(share), ...user(`share-${share}`) })),
  name: "GPU 0 (Tesla T4) of ds-node2",
};

/** The metric of every share of the board; `first` for the first, where it differs. */
export function ofShares(sample: Sample, metric: string, values: string, first: string = values): Series[] {
  return sample.shares.map((share, at) => ({
    metric,
    labels: { ...target(String(sample.board["node"])), ...sample.board, device: "nvidia0", ...share },
    values: at === 0 ? first : values,
  }));
}

/** Two hours of a board that is well and at work. */
export function healthy(sample: Sample): Series[] {
  const zero = [
    ...["DEV_ECC_DBE_VOL_TOTAL", "DEV_ECC_DBE_AGG_TOTAL", "DEV_ROW_REMAP_FAILURE"],
    ...["DEV_UNCORRECTABLE_REMAPPED_ROWS", "DEV_RETIRED_PENDING", "DEV_THERMAL_VIOLATION"],
    ...["CRC_FLIT", "CRC_DATA", "REPLAY", "RECOVERY"].map((kind) => `DEV_NVLINK_${kind}_ERROR_COUNT_TOTAL`),
  ];
  return [
    ...zero.flatMap((field) => ofShares(sample, `DCGM_FI_${field}`, "0x240")),
    ...ofShares(sample, "DCGM_EXP_XID_ERRORS_COUNT", "0x240"),
    ...ofShares(sample, "DCGM_FI_DEV_GPU_TEMP", "60x240"),
    ...ofShares(sample, "DCGM_FI_DEV_MEMORY_TEMP", "70x240"),
    ...ofShares(sample, "DCGM_FI_DEV_FB_USED", "1000x240"),
    ...ofShares(sample, "DCGM_FI_DEV_FB_FREE", "3000x240"),
    ...ofShares(sample, "DCGM_FI_DEV_GPU_UTIL", sample === MIG ? "0x240" : "60x240"),
    ...ofShares(sample, "DCGM_FI_PROF_GR_ENGINE_ACTIVE", "0.6x240"),
    { metric: "up", labels: target(String(sample.board["node"])), values: "1x240" },
    ...ofNode(sample, "device_plugin_devices_total", "7x240"),
    ...["driver_validation", "toolkit_ready", "cuda_ready"].flatMap((metric) =>
      ofNode(sample, metric, "1x240"),
    ),
    ...["capacity", "allocatable"].flatMap((what) => offered(sample, what, "4x240")),
    ...migState(sample, "success"),
    nodeInfo(String(sample.board["node"])),
  ];
}

/** A metric of the node status exporter. */
export function ofNode({ board }: Sample, metric: string, values: string): Series[] {
  const node = String(board["node"]);
  const labels = { ...target(node), job: "nvidia-node-status-exporter", exported_node: node };
  return [{ metric: `gpu_operator_node_${metric}`, labels, values }];
}

/** What kube-state-metrics says of every node. */
export function nodeInfo(node: string): Series {
  return { metric: "kube_node_info", labels: { job: "kube-state-metrics", node }, values: "1x240" };
}

/** What kube-state-metrics says that the node has, and that pods can get. */
export function offered(sample: Sample, what: string, values: string): Series[] {
  const labels = { job: "kube-state-metrics", node: String(sample.board["node"]), unit: "integer" };
  return [
    { metric: `kube_node_status_${what}`, labels: { ...labels, resource: resource(sample) }, values },
    {
      metric: `kube_node_status_${what}`,
      labels: { ...labels, resource: "cpu", unit: "core" },
      values: "64x240",
    },
  ];
}

export function resource(sample: Sample): string {
  return sample === MIG ? "nvidia_com_mig_1g_5gb" : "nvidia_com_gpu";
}

export function migState({ board }: Sample, state: string): Series[] {
  const labels = {
    job: "kube-state-metrics",
    node: String(board["node"]),
    label_nvidia_com_mig_config: "all-1g.5gb",
    label_nvidia_com_mig_config_state: state,
  };
  return [{ metric: "kube_node_labels", labels, values: "1x240" }];
}

/** The healthy series, with those of the same name and labels replaced. */
export function changed(series: readonly Series[], by: readonly Series[]): Series[] {
  const key = ({ metric, labels }: Series): string =>
    JSON.stringify([metric, Object.entries(labels).toSorted()]);
  return [...new Map([...series, ...by].map((each) => [key(each), each])).values()];
}
