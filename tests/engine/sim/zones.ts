import { zoneOf } from "../../unit/sim/zone-builder.ts";

/** One A100 that is cut, and two T4s that are shared. */
export const DEV = zoneOf(
  {
    a100: {
      product: "NVIDIA-A100-PCIE-40GB",
      os: "ubuntu22.04",
      nodes: ["ds-node1"],
      mig: "all-1g.5gb",
      taints: [{ key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" }],
    },
    t4: {
      product: "Tesla-T4",
      os: "ubuntu22.04",
      nodes: ["ds-node2", "ds-node3"],
      sharing: { timeSlicing: 4 },
    },
  },
  { mig: { strategy: "mixed" } },
  "sim-test-dev",
);

/** A cluster whose GPUs somebody else drives. */
export const FOREIGN = zoneOf(
  { t4: { product: "Tesla-T4", os: "ubuntu22.04", nodes: ["f-1"], sharing: { timeSlicing: 2 } } },
  { managed: false },
  "sim-test-foreign",
);
