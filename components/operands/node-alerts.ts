import type { Alert } from "./monitoring.ts";

/** A metric of the node status exporter, once for each node. */
function ofNode(metric: string): string {
  return `max by (node) (gpu_operator_node_${metric})`;
}

/**
 * Alerts on nodes that do not come up. Names and expressions are upstream's (gpu-operator v26.7.0), so that routes made for the
 * GPU Operator go on working; the time is upstream's too.
 */
export function nodeAlerts(): Alert[] {
  const driverWorks = `${ofNode("driver_validation")} == 1`;
  return [
    {
      alert: "GPUOperatorNodeDeploymentFailed",
      expr: `${ofNode("device_plugin_devices_total")} == 0`,
      for: "30m",
      severity: "critical",
      summary: "{{ $labels.node }} has offered no GPU for half an hour.",
    },
    {
      alert: "GPUOperatorNodeDeploymentDriverFailed",
      expr: `${ofNode("driver_validation")} == 0`,
      for: "30m",
      severity: "critical",
      summary: "The driver of {{ $labels.node }} has not worked for half an hour.",
    },
    {
      alert: "GPUOperatorNodeDeploymentToolkitFailed",
      expr: `${ofNode("toolkit_ready")} == 0 and ${driverWorks}`,
      for: "30m",
      severity: "critical",
      summary:
        "The driver of {{ $labels.node }} works, and its container toolkit has not been ready for half an hour.",
    },
    {
      alert: "GPUOperatorNodeDeploymentCudaFailed",
      expr: `${ofNode("cuda_ready")} == 0 and ${driverWorks}`,
      for: "30m",
      severity: "critical",
      summary: "The driver of {{ $labels.node }} works, and CUDA has not been proven there for half an hour.",
    },
  ];
}

/** What the MIG manager could not do, from kube-state-metrics. */
export function migAlerts(): Alert[] {
  return [
    {
      alert: "GpuMigConfigFailed",
      expr: 'max by (node, label_nvidia_com_mig_config) (kube_node_labels{label_nvidia_com_mig_config_state="failed"}) > 0',
      for: "5m",
      severity: "warning",
      summary: "{{ $labels.node }} could not be cut into {{ $labels.label_nvidia_com_mig_config }}.",
    },
  ];
}
