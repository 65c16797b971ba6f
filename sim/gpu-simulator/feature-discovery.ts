import { migBoard } from "../../plan/gpu/mig.ts";
import type { Board, MigState } from "../annotations.ts";
import { boardMemory } from "./board-memory.ts";
import { profileName, type Devices, type DeviceSet } from "./devices.ts";
import { GPU, MIG_CAPABLE } from "./labels.ts";
import { boardsOf } from "./mig-state.ts";
import type { PluginConfig } from "./plugin-config.ts";

const PREFIX = "nvidia.com/";
const OWN = new Set(
  [
    "gpu.product",
    "gpu.count",
    "gpu.replicas",
    "gpu.memory",
    "gpu.sharing-strategy",
    "gpu.slices.gi",
    "gpu.slices.ci",
    "mig.capable",
    "mig.strategy",
    "mps.capable",
  ].map((key) => PREFIX + key),
);

/** True for labels that GPU Feature Discovery owns: they go when it goes. */
export function isFeatureLabel(key: string): boolean {
  return OWN.has(key) || key.startsWith(`${PREFIX}mig-`);
}

/** The label that tells who may be cut; the labeller waits for it. */
export function capability(board: Board): Record<string, string> {
  return { [MIG_CAPABLE]: String(migBoard(board.product) !== undefined) };
}

/** Labels of GPU Feature Discovery for the node's boards. */
export function featureLabels(
  board: Board,
  mig: Pick<MigState, "boards">,
  config: PluginConfig,
  set: DeviceSet,
): Record<string, string> {
  const { migStrategy: strategy } = config;
  const cut = boardsOf(board, mig).some(({ enabled }) => enabled);
  const capable = capability(board);
  const node = {
    ...capable,
    ...(strategy !== "none" && { [`${PREFIX}mig.strategy`]: strategy }),
    [`${PREFIX}mps.capable`]: String(config.sharing === "mps" && !cut),
  };
  if (set.kind === "invalid")
    return { ...node, ...gpuLabels(`${board.product}-MIG-INVALID`, 0, 0, 0, "none") };
  if (!cut || strategy === "single") {
    return { ...node, ...merge(set.devices.map((each) => describe("gpu", board, each, config))) };
  }
  // Boards in MIG mode are still counted as boards; nothing of them is offered whole.
  const uncut = set.devices.find(({ profile }) => profile === undefined);
  const whole =
    strategy === "mixed" && uncut
      ? describe("gpu", board, uncut, config)
      : gpuLabels(board.product, board.count, 0, boardMemory(board.product), "none");
  const slices = strategy === "mixed" ? set.devices.filter(({ profile }) => profile !== undefined) : [];
  const groups = slices.map((each) =>
    describe(`mig-${profileName(each.profile ?? "")}`, board, each, config),
  );
  return { ...node, ...whole, ...merge(groups) };
}

function merge(groups: readonly Record<string, string>[]): Record<string, string> {
  return Object.fromEntries(groups.flatMap((group) => Object.entries(group)));
}

function describe(
  group: string,
  board: Board,
  devices: Devices,
  config: PluginConfig,
): Record<string, string> {
  const replicas = config.replicas[devices.resource] ?? 1;
  const profile = migBoard(board.product)?.profiles.find((each) => each.profile === devices.profile);
  const mig = devices.profile === undefined ? "" : `-MIG-${profileName(devices.profile)}`;
  const shared = replicas > 1 && !config.rename ? "-SHARED" : "";
  return {
    ...gpuLabels(
      `${board.product}${mig}${shared}`,
      devices.count,
      replicas,
      profile === undefined ? boardMemory(board.product) : profile.memoryGB * 1024,
      replicas > 1 ? config.sharing : "none",
      group,
    ),
    ...(profile !== undefined && {
      [`${PREFIX}${group}.slices.gi`]: String(profile.slices),
      [`${PREFIX}${group}.slices.ci`]: String(profile.slices),
    }),
  };
}

function gpuLabels(
  product: string,
  count: number,
  replicas: number,
  memory: number,
  sharing: string,
  group = GPU.slice(PREFIX.length),
): Record<string, string> {
  return {
    [`${PREFIX}${group}.product`]: product,
    [`${PREFIX}${group}.count`]: String(count),
    [`${PREFIX}${group}.replicas`]: String(replicas),
    [`${PREFIX}${group}.memory`]: String(memory),
    [`${PREFIX}${group}.sharing-strategy`]: sharing,
  };
}
