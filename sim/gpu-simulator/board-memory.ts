import { migBoard } from "../../plan/gpu/mig.ts";

/** MiB as nvidia-smi shows them on real boards; of the others only the size on the box is known. */
const SEEN: Readonly<Record<string, number>> = {
  "NVIDIA-A100-SXM4-40GB": 40_960,
  "NVIDIA-A100-PCIE-40GB": 40_960,
  "NVIDIA-H100-80GB-HBM3": 81_559,
  "NVIDIA-B200": 183_359,
  "NVIDIA-GB200": 189_471,
  "NVIDIA-GB300": 284_208,
  "Tesla-T4": 15_360,
  "NVIDIA-L40S": 46_068,
  "NVIDIA-A10G": 23_028,
};
const UNKNOWN_GB = 24;

/** Memory of one board in MiB, near enough for a simulation. */
export function boardMemory(product: string): number {
  return SEEN[product] ?? (migBoard(product)?.memoryGB ?? UNKNOWN_GB) * 1024;
}
