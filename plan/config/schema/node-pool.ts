import { z } from "zod";
import { poolDriver } from "./driver.ts";
import { cpu, labels, labelValue, later, memory, NOT_YET, orNone, subdomain, taint } from "./values.ts";

const oneOrList = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

const sharing = z.union([
  z.strictObject({ timeSlicing: z.int().min(2).describe("Pods that share one GPU, 2 or more.") }),
  z.strictObject({ mps: later("sharing by MPS") }),
]);

/** Says of a key that it describes nodes to people and to simulated zones. */
const SIMULATED = "Nothing but simulated zones reads it yet.";

/** What a node of a kind is: the keys that a hardware class and a pool have in common. */
const hardwareShape = {
  product: labelValue
    .optional()
    .describe("The board as GPU Feature Discovery names it, such as NVIDIA-A100-PCIE-40GB."),
  gpusPerNode: z.int().min(1).max(16).optional().describe("Boards in each node."),
  cpu: cpu.optional().describe(`Cores of each node. ${SIMULATED}`),
  memory: memory.optional().describe(`Memory of each node. ${SIMULATED}`),
  os: oneOrList.optional().describe("Operating system, such as ubuntu22.04; a list while nodes are moved."),
  kernel: oneOrList
    .optional()
    .describe("Kernel release of the nodes, for precompiled drivers; a list while nodes are moved."),
  runtime: z
    .string()
    .regex(/^(containerd|crio)@\d+\.\d+(\.\d+)?$/, "wanted containerd@<version> or crio@<version>")
    .optional()
    .describe("Container runtime of the nodes, such as containerd@2.1; the container toolkit goes by it."),
  secureBoot: later("checking Secure Boot against the driver"),
  driver: poolDriver.optional().describe("Driver of the pool's boards, where it is not the zone's."),
  mig: z
    .string({
      error: (issue) =>
        isMap(issue.input) ? `${NOT_YET}MIG layouts other than the standard names` : undefined,
    })
    .regex(/^all-[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, "wanted a standard layout name such as all-1g.5gb")
    .optional()
    .describe("MIG layout of every board of the pool, by the MIG manager's standard name."),
  sharing: orNone(sharing).describe(
    "How one GPU serves several pods. Default: not shared. null: not shared, whatever the class says.",
  ),
  labels: labels
    .optional()
    .describe("Labels that the nodes carry. They describe the nodes; nothing sets them."),
  taints: z
    .array(taint)
    .optional()
    .describe("Taints that the nodes carry. They describe the nodes; nothing sets them."),
};

/** `hardware.<class>`: what a node of a kind is, for layers that zones share. */
export const hardwareClass = z.strictObject({
  ...hardwareShape,
  board: later("boards that are not in the table"),
});

/** `nodePools.<name>`: nodes of one kind. A node belongs to one pool. */
export const nodePool = z.strictObject({
  ...hardwareShape,
  hardware: z.string().min(1).optional().describe("Hardware class that this pool builds on."),
  nodes: z.array(subdomain).min(1).optional().describe("Names of the nodes."),
  selector: labels.optional().describe("Labels that choose the nodes; with `count`."),
  count: z.int().min(0).optional().describe("How many nodes the selector is meant to find."),
});

function isMap(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
