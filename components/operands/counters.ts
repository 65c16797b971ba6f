/** One field that the exporter reads: its name, its type in Prometheus, and what it is. */
type Counter = readonly [field: string, type: "gauge" | "counter" | "label", help: string];

/** The active lines of the exporter's own file, dcp-metrics-included.csv (dcgm-exporter 4.6.0-4.8.3). */
const DEFAULT: readonly Counter[] = [
  ["DCGM_FI_DEV_SM_CLOCK", "gauge", "SM clock frequency (MHz)"],
  ["DCGM_FI_DEV_MEM_CLOCK", "gauge", "Memory clock frequency (MHz)"],
  ["DCGM_FI_DEV_MEMORY_TEMP", "gauge", "Memory temperature (C)"],
  ["DCGM_FI_DEV_GPU_TEMP", "gauge", "GPU temperature (C)"],
  ["DCGM_FI_DEV_POWER_USAGE", "gauge", "Power draw (W)"],
  ["DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "counter", "Energy since boot (mJ)"],
  ["DCGM_FI_DEV_PCIE_REPLAY_COUNTER", "counter", "PCIe retries"],
  ["DCGM_FI_DEV_GPU_UTIL", "gauge", "GPU utilization (%)"],
  ["DCGM_FI_DEV_MEM_COPY_UTIL", "gauge", "Memory utilization (%)"],
  ["DCGM_FI_DEV_ENC_UTIL", "gauge", "Encoder utilization (%)"],
  ["DCGM_FI_DEV_DEC_UTIL", "gauge", "Decoder utilization (%)"],
  ["DCGM_FI_DEV_XID_ERRORS", "gauge", "Last XID error"],
  ["DCGM_FI_DEV_FB_FREE", "gauge", "Free framebuffer memory (MiB)"],
  ["DCGM_FI_DEV_FB_USED", "gauge", "Used framebuffer memory (MiB)"],
  ["DCGM_FI_DEV_FB_RESERVED", "gauge", "Reserved framebuffer memory (MiB)"],
  ["DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL", "gauge", "NVLink bandwidth of all lanes"],
  ["DCGM_FI_DEV_VGPU_LICENSE_STATUS", "gauge", "vGPU license status"],
  ["DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS", "counter", "Rows remapped for uncorrectable errors"],
  ["DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS", "counter", "Rows remapped for correctable errors"],
  ["DCGM_FI_DEV_ROW_REMAP_FAILURE", "gauge", "Whether remapping of rows has failed"],
  ["DCGM_FI_DRIVER_VERSION", "label", "Driver version"],
  ["DCGM_FI_PROF_GR_ENGINE_ACTIVE", "gauge", "Ratio of time the graphics engine is active"],
  ["DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", "gauge", "Ratio of cycles the tensor pipe is active"],
  ["DCGM_FI_PROF_DRAM_ACTIVE", "gauge", "Ratio of cycles the device memory is sending or receiving"],
  ["DCGM_FI_PROF_PCIE_TX_BYTES", "gauge", "Bytes sent over PCIe per second"],
  ["DCGM_FI_PROF_PCIE_RX_BYTES", "gauge", "Bytes received over PCIe per second"],
];

/** What upstream's file leaves out and our alerts read: on a stock exporter they would never fire. */
const MORE: readonly Counter[] = [
  ["DCGM_FI_DEV_FB_TOTAL", "gauge", "Framebuffer memory (MiB)"],
  ["DCGM_FI_DEV_ECC_SBE_VOL_TOTAL", "counter", "Single-bit ECC errors since the driver was loaded"],
  ["DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", "counter", "Double-bit ECC errors since the driver was loaded"],
  ["DCGM_FI_DEV_ECC_SBE_AGG_TOTAL", "counter", "Single-bit ECC errors of the board's life"],
  ["DCGM_FI_DEV_ECC_DBE_AGG_TOTAL", "counter", "Double-bit ECC errors of the board's life"],
  ["DCGM_FI_DEV_RETIRED_SBE", "counter", "Pages retired for single-bit errors"],
  ["DCGM_FI_DEV_RETIRED_DBE", "counter", "Pages retired for double-bit errors"],
  ["DCGM_FI_DEV_RETIRED_PENDING", "gauge", "Pages that wait for their retirement"],
  ["DCGM_FI_DEV_POWER_VIOLATION", "counter", "Time throttled for power"],
  ["DCGM_FI_DEV_THERMAL_VIOLATION", "counter", "Time throttled for heat"],
  ["DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL", "counter", "NVLink flow-control CRC errors"],
  ["DCGM_FI_DEV_NVLINK_CRC_DATA_ERROR_COUNT_TOTAL", "counter", "NVLink data CRC errors"],
  ["DCGM_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL", "counter", "NVLink retries"],
  ["DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL", "counter", "NVLink recovery errors"],
  ["DCGM_FI_PROF_SM_ACTIVE", "gauge", "Ratio of cycles an SM has a warp assigned"],
  ["DCGM_EXP_XID_ERRORS_COUNT", "gauge", "XID errors of the last 5 minutes by code"],
  ["DCGM_EXP_CLOCK_EVENTS_COUNT", "gauge", "Clock events of the last 5 minutes by kind"],
  ["DCGM_EXP_GPU_HEALTH_STATUS", "gauge", "DCGM's health check by subsystem"],
  ["DCGM_EXP_P2P_STATUS", "gauge", "NVLink between two GPUs"],
];

/** Every field that our exporters export, by name. */
export const COUNTER_FIELDS: readonly string[] = [...DEFAULT, ...MORE].map(([field]) => field);

/**
 * The exporter's counter file: `field, type, help` a line. A line with a comma too few or too many, or an unknown field, keeps
 * the exporter from starting; no help text holds a comma.
 */
export const COUNTERS_CSV = [
  "# DCGM field, type in Prometheus, help",
  ...[...DEFAULT, ...MORE].map((counter) => counter.join(", ")),
  "",
].join("\n");
