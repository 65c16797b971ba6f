import { z } from "zod";
import { poolDriver } from "./driver.ts";
import { cpu, labels, labelValue, memory, orNone, subdomain, taint } from "./values.ts";

/** NVIDIA's own spelling, with the plus sign: labels and resources spell it with a dot. */
const MIG_PROFILE = /^\d+g\.\d+gb(\+(me(\.all)?|gfx)|-me)?$/;

const oneOrList = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

/** Clients that one GPU takes (k8s-device-plugin v0.20.0, MPS control daemon; boards before Turing take fewer). */
const MPS_CLIENTS_MAX = 48;

const sharing = z.union([
  z.strictObject({ timeSlicing: z.int().min(2).describe("Pods that share one GPU, 2 or more.") }),
  z.strictObject({
    mps: z
      .int()
      .min(2)
      .max(MPS_CLIENTS_MAX, `wanted ${MPS_CLIENTS_MAX} or less: a GPU takes no more MPS clients`)
      .describe(
        `Pods that share one GPU by MPS, ${MPS_CLIENTS_MAX} at most: each has its part of memory and threads.`,
      ),
  }),
]);

const layoutName = z
  .string()
  .regex(/^all-[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, "wanted a standard layout name such as all-1g.5gb");

const instancesByProfile = z
  .record(z.string().regex(MIG_PROFILE, "wanted a MIG profile such as 1g.5gb or 1g.5gb+me"), z.int().min(1))
  .refine((value) => Object.keys(value).length > 0, "wanted instances of one profile or more");

const mig = z.union([layoutName, instancesByProfile], {
  error: "wanted a standard layout name such as all-1g.5gb, or instances by profile such as { 3g.20gb: 2 }",
});

const board = z.strictObject({
  memory: memory.optional().describe("Memory of one board."),
  migProfiles: instancesByProfile
    .optional()
    .describe("How many instances of each MIG profile one empty board takes. Default: not known."),
});

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
  driver: poolDriver.optional().describe("Driver of the pool's boards, where it is not the zone's."),
  secureBoot: z
    .boolean()
    .optional()
    .describe("Whether the nodes boot signed kernel modules only. Default: not known, taken for false."),
  mig: mig
    .optional()
    .describe(
      "MIG layout of every board of the pool: one of the MIG manager's standard names, or instances by profile.",
    ),
  board: board
    .optional()
    .describe("What the board is, where it is not in gpu-zones' own table: memory and MIG profiles."),
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
export const hardwareClass = z.strictObject(hardwareShape);

/** `nodePools.<name>`: nodes of one kind. A node belongs to one pool. */
export const nodePool = z.strictObject({
  ...hardwareShape,
  hardware: z.string().min(1).optional().describe("Hardware class that this pool builds on."),
  nodes: z.array(subdomain).min(1).optional().describe("Names of the nodes."),
  selector: labels.optional().describe("Labels that choose the nodes; with `count`."),
  count: z.int().min(0).optional().describe("How many nodes the selector is meant to find."),
});
