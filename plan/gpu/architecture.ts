/** Generations of boards, oldest first. */
const ARCHITECTURES = ["pascal", "volta", "turing", "ampere", "ada", "hopper", "blackwell"] as const;

export type Architecture = (typeof ARCHITECTURES)[number];

/** What generation a board is of, by the names that product labels have. */
const PRODUCTS: Readonly<Record<Architecture, readonly string[]>> = {
  // Names as they are on the boxes: no label of such a node was read.
  pascal: ["Tesla-P4", "Tesla-P40", "Tesla-P100-PCIE-16GB", "Tesla-P100-SXM2-16GB"],
  volta: ["Tesla-V100-SXM2-16GB", "Tesla-V100-SXM2-32GB", "Tesla-V100-PCIE-32GB"],
  turing: ["Tesla-T4"],
  ampere: [
    ...["NVIDIA-A100-SXM4-40GB", "NVIDIA-A100-PCIE-40GB", "NVIDIA-A100-SXM4-80GB", "NVIDIA-A100-80GB-PCIe"],
    ...["NVIDIA-A30", "NVIDIA-A40", "NVIDIA-A10", "NVIDIA-A10G", "NVIDIA-A2", "NVIDIA-A16"],
    ...["NVIDIA-RTX-A6000", "NVIDIA-RTX-A5000", "NVIDIA-GeForce-RTX-3090"],
  ],
  ada: ["NVIDIA-L4", "NVIDIA-L40", "NVIDIA-L40S", "NVIDIA-GeForce-RTX-4090"],
  hopper: [
    ...["NVIDIA-H100-80GB-HBM3", "NVIDIA-H100-PCIe", "NVIDIA-H100-NVL", "NVIDIA-H20"],
    ...["NVIDIA-H200", "NVIDIA-H200-NVL"],
    ...["NVIDIA-GH200-480GB", "NVIDIA-GH200-120GB", "NVIDIA-GH200-144G-HBM3e"],
  ],
  blackwell: [
    ...["NVIDIA-B200", "NVIDIA-GB200", "NVIDIA-B300-SXM6-AC", "NVIDIA-GB300"],
    "NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition",
    "NVIDIA-RTX-PRO-6000-Blackwell-Workstation-Edition",
    "NVIDIA-RTX-PRO-6000-Blackwell-Max-Q-Workstation-Edition",
    ...["NVIDIA-RTX-PRO-5000-Blackwell", "NVIDIA-RTX-PRO-5000-72GB-Blackwell"],
    ...["NVIDIA-RTX-PRO-4500-Blackwell", "NVIDIA-GeForce-RTX-5090"],
  ],
};

const BY_PRODUCT: ReadonlyMap<string, Architecture> = new Map(
  ARCHITECTURES.flatMap((each) => PRODUCTS[each].map((product) => [product, each] as const)),
);

/** The board's generation; undefined where the tables do not know the board. */
export function architectureOf(product: string): Architecture | undefined {
  return BY_PRODUCT.get(product);
}

/** True when the board is of that generation or an older one; false also for boards that nobody knows. */
export function isAsOldAs(product: string, generation: Architecture): boolean {
  const own = architectureOf(product);
  return own !== undefined && ARCHITECTURES.indexOf(own) <= ARCHITECTURES.indexOf(generation);
}
