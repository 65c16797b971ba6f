import type { NodePool } from "../config/zone.ts";
import { quantityValue } from "../quantity.ts";
import { migBoard } from "./mig.ts";

/** A board that cannot be cut into MIG devices. */
interface PlainBoard {
  readonly products: readonly string[];
  /** What nvidia-smi shows where that was read, else what the name says; undefined where nobody knows. */
  readonly memoryMiB: number | undefined;
}

const GIB = 1024;

/** Boards without MIG whose product label was read in public sources (T4 and A10G: nvidia-smi of such a machine). */
const PLAIN_BOARDS: readonly PlainBoard[] = [
  { products: ["Tesla-T4"], memoryMiB: 15_360 },
  { products: ["Tesla-V100-SXM2-16GB"], memoryMiB: 16 * GIB },
  { products: ["Tesla-V100-SXM2-32GB", "Tesla-V100-PCIE-32GB"], memoryMiB: 32 * GIB },
  { products: ["NVIDIA-L40S"], memoryMiB: 46_068 },
  { products: ["NVIDIA-L40", "NVIDIA-A40", "NVIDIA-RTX-A6000"], memoryMiB: 48 * GIB },
  { products: ["NVIDIA-L4", "NVIDIA-A10", "NVIDIA-RTX-A5000"], memoryMiB: 24 * GIB },
  { products: ["NVIDIA-A10G"], memoryMiB: 23_028 },
  { products: ["NVIDIA-A2", "NVIDIA-A16"], memoryMiB: 16 * GIB },
  {
    products: ["NVIDIA-GeForce-RTX-3090", "NVIDIA-GeForce-RTX-4090", "NVIDIA-GeForce-RTX-5090"],
    memoryMiB: undefined,
  },
];

const BY_PRODUCT: ReadonlyMap<string, PlainBoard> = new Map(
  PLAIN_BOARDS.flatMap((board) => board.products.map((product) => [product, board] as const)),
);

/** True for boards that are known to have no MIG; false says nothing. */
export function isWithoutMig(product: string): boolean {
  return BY_PRODUCT.has(product);
}

/** True for boards of which the tables here know something: what a hardware class says of them is not needed. */
export function isKnownBoard(product: string): boolean {
  return isWithoutMig(product) || migBoard(product)?.verified === true;
}

/** The most memory that a pool's board can have, in bytes: no less than it shows; undefined where that is not known. */
export function boardMemory({ product, board }: Pick<NodePool, "product" | "board">): number | undefined {
  const plain = BY_PRODUCT.get(product)?.memoryMiB;
  if (plain !== undefined) return plain * 2 ** 20;
  const known = migBoard(product);
  if (known !== undefined) return known.memoryGB * 2 ** 30;
  return board?.memory === undefined ? undefined : quantityValue(board.memory);
}
