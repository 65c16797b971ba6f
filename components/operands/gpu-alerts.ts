import type { Zone } from "../../plan/config/zone.ts";
import type { Alert } from "./monitoring.ts";

/** A board, whoever uses it. */
const BOARD = "node, gpu, UUID, modelName";
/** What a pod gets: a board or a MIG device of it. */
const DEVICE = `${BOARD}, GPU_I_PROFILE, GPU_I_ID`;

/** XIDs that a program brings about and not the board; "0" is no error. */
const XIDS_OF_PROGRAMS = "0|13|31|43|45|68|109";

const ON = "GPU {{ $labels.gpu }} ({{ $labels.modelName }}) of {{ $labels.node }}";

/**
 * A value of the board, once: on a board in MIG mode the exporter says it for every MIG device, on a shared one for every pod.
 */
function ofBoard(metric: string): string {
  return `max by (${BOARD}) (${metric})`;
}

/**
 * How much a counter of the board grew. The board's series is made first: those of the exporter begin and end with pods, and the
 * error that kills a pod would be lost with its series.
 */
function growth(metric: string, minutes: number): string {
  return `increase((${ofBoard(metric)})[${minutes}m:30s])`;
}

/** Alerts on boards, from the metrics of the DCGM exporter, scraped as `job`; thresholds come from public rules, none was verified on a board. */
export function gpuAlerts(zone: Zone, job: string): Alert[] {
  return [...errors(), ...heat(), ...use(zone, job), ...absence(zone, job)];
}

function errors(): Alert[] {
  return [
    {
      alert: "GpuXid",
      expr: `max by (${BOARD}, xid) (DCGM_EXP_XID_ERRORS_COUNT{xid!~"${XIDS_OF_PROGRAMS}"}) > 0`,
      severity: "critical",
      summary: `${ON} reported XID {{ $labels.xid }}.`,
    },
    {
      alert: "GpuEccDbe",
      expr: `${growth("DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", 5)} > 0 or ${growth("DCGM_FI_DEV_ECC_DBE_AGG_TOTAL", 5)} > 0`,
      severity: "critical",
      summary: `${ON} has a double-bit memory error.`,
    },
    {
      alert: "GpuRowRemapFailure",
      expr: `${ofBoard("DCGM_FI_DEV_ROW_REMAP_FAILURE")} > 0`,
      severity: "critical",
      summary: `${ON} could not replace a bad row of its memory.`,
    },
    {
      alert: "GpuRowRemapped",
      expr: `${growth("DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS", 15)} > 0`,
      severity: "critical",
      summary: `${ON} replaced a row of its memory after an uncorrectable error.`,
    },
    {
      alert: "GpuRetiredPending",
      expr: `${ofBoard("DCGM_FI_DEV_RETIRED_PENDING")} > 0`,
      severity: "warning",
      summary: `${ON} has pages that wait for their retirement.`,
    },
    {
      alert: "GpuNvlink",
      expr: ["CRC_FLIT", "CRC_DATA", "REPLAY", "RECOVERY"]
        .map((kind) => `${growth(`DCGM_FI_DEV_NVLINK_${kind}_ERROR_COUNT_TOTAL`, 5)} > 0`)
        .join(" or "),
      for: "5m",
      severity: "warning",
      summary: `${ON} has errors on its NVLinks.`,
    },
  ];
}

function heat(): Alert[] {
  return [
    {
      alert: "GpuTempHigh",
      expr: `${ofBoard("DCGM_FI_DEV_GPU_TEMP")} > 80`,
      for: "5m",
      severity: "warning",
      summary: `${ON} is at {{ $value }} °C.`,
    },
    {
      alert: "GpuTempCritical",
      expr: `${ofBoard("DCGM_FI_DEV_GPU_TEMP")} > 85`,
      for: "1m",
      severity: "critical",
      summary: `${ON} is at {{ $value }} °C.`,
    },
    {
      alert: "GpuMemoryTempCritical",
      expr: `${ofBoard("DCGM_FI_DEV_MEMORY_TEMP")} > 95`,
      for: "1m",
      severity: "critical",
      summary: `The memory of ${ON} is at {{ $value }} °C.`,
    },
    {
      alert: "GpuThrottled",
      expr: `${growth("DCGM_FI_DEV_THERMAL_VIOLATION", 5)} > 0`,
      for: "5m",
      severity: "warning",
      summary: `${ON} runs slower because it is hot.`,
    },
  ];
}

function use(zone: Zone, job: string): Alert[] {
  // Prometheus keeps `pod` for the pod that it scrapes, unless it honours the exporter's labels: then `pod` is the
  // exporter's own where nobody has the device.
  const used =
    zone.gpu.dcgmExporter?.serviceMonitor?.honorLabels === true
      ? `pod!="",pod!~"${job}-.*"`
      : 'exported_pod!=""';
  const active = `max by (${DEVICE}) (avg_over_time(DCGM_FI_PROF_GR_ENGINE_ACTIVE{${used}}[30m]))`;
  // Boards without profiling have utilization alone, which is 0 or absent for a MIG device.
  const busy = `max by (${DEVICE}) (avg_over_time(DCGM_FI_DEV_GPU_UTIL{${used},GPU_I_ID=""}[30m])) / 100`;
  return [
    {
      alert: "GpuMemoryFull",
      expr: `max by (${DEVICE}) (DCGM_FI_DEV_FB_USED / (DCGM_FI_DEV_FB_USED + DCGM_FI_DEV_FB_FREE)) > 0.95`,
      for: "10m",
      severity: "warning",
      summary: `The memory of ${ON} is {{ $value | humanizePercentage }} full.`,
    },
    {
      alert: "GpuIdleAllocated",
      expr: `((${active}) or (${busy})) < 0.05`,
      for: "30m",
      severity: "info",
      summary: `${ON} belongs to a pod and does nothing.`,
    },
  ];
}

function absence(zone: Zone, job: string): Alert[] {
  // Which nodes a selector finds is not known here.
  const named = Object.entries(zone.nodePools).flatMap(([name, { nodes = [], gpusPerNode }]) =>
    nodes.length === 0 ? [] : [{ name, gpusPerNode, nodes: nodes.map(pattern).join("|") }],
  );
  const pools = named.map(({ name, gpusPerNode, nodes }): Alert => ({
    alert: "GpuMissing",
    expr: `count by (node) (count by (node, UUID) (DCGM_FI_DEV_GPU_TEMP{node=~"${nodes}"})) < ${gpusPerNode}`,
    for: "10m",
    severity: "critical",
    summary: `{{ $labels.node }} shows {{ $value }} GPUs; the nodes of pool ${name} have ${gpusPerNode}.`,
  }));
  const all = named.map(({ nodes }) => nodes).join("|");
  const missing: Alert = {
    alert: "GpuExporterMissing",
    expr: `max by (node) (kube_node_info{node=~"${all}"}) unless on (node) up{job="${job}"}`,
    // A rollout takes the exporter away while it works.
    for: "30m",
    severity: "critical",
    summary: "Nobody sees the GPUs of {{ $labels.node }}: it has no DCGM exporter.",
  };
  return [
    ...pools,
    ...(named.length === 0 ? [] : [missing]),
    {
      alert: "GpuExporterDown",
      expr: `up{job="${job}"} == 0`,
      for: "5m",
      severity: "critical",
      summary: "Nobody sees the GPUs of {{ $labels.node }}: its DCGM exporter does not answer.",
    },
  ];
}

/** What the device plugin holds back, from kube-state-metrics. */
export function pluginAlerts(): Alert[] {
  const devices = 'resource=~"nvidia_com_(gpu|mig_.+)"';
  const ofNode = (metric: string): string =>
    `sum by (node, resource) (kube_node_status_${metric}{${devices}})`;
  return [
    {
      alert: "GpuUnhealthy",
      expr: `${ofNode("capacity")} - ${ofNode("allocatable")} > 0`,
      for: "10m",
      severity: "critical",
      summary: "{{ $labels.node }} has {{ $value }} of {{ $labels.resource }} that pods do not get.",
    },
  ];
}

/** A node's name as a regular expression, inside a string of PromQL. */
function pattern(name: string): string {
  return name.replaceAll(".", "\\\\.");
}
