import type { Board, BoardMig, MigState } from "../annotations.ts";
import { GPU } from "./labels.ts";
import { boardsOf } from "./mig-state.ts";
import type { PluginConfig } from "./plugin-config.ts";

/** Devices of one kind on a node, before sharing. */
export interface Devices {
  /** The resource that they are offered as. */
  readonly resource: string;
  readonly count: number;
  /** NVIDIA's profile name; undefined: whole boards. */
  readonly profile: string | undefined;
}

/** What the node's boards are to the device plugin. */
export type DeviceSet =
  | { readonly kind: "devices"; readonly devices: readonly Devices[] }
  /** Strategy single, and the MIG devices are not all alike, or there are none. */
  | { readonly kind: "invalid"; readonly reason: string };

/** Resource and label spelling of a profile: a plus sign is not allowed in either. */
export function profileName(profile: string): string {
  return profile.replace("+", ".");
}

function instancesOf(boards: readonly BoardMig[]): { profile: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const [profile, count] of boards.flatMap(({ layout }) => Object.entries(layout)))
    counts.set(profile, (counts.get(profile) ?? 0) + count);
  return [...counts].map(([profile, count]) => ({ profile, count }));
}

/** The node's devices under a MIG strategy. */
export function devicesOf(
  board: Board,
  mig: Pick<MigState, "boards">,
  strategy: PluginConfig["migStrategy"],
): DeviceSet {
  const whole = {
    kind: "devices",
    devices: [{ resource: GPU, count: board.count, profile: undefined }],
  } as const;
  const boards = boardsOf(board, mig);
  const uncut = boards.filter(({ enabled }) => !enabled).length;
  if (uncut === board.count || strategy === "none") return whole;
  const instances = instancesOf(boards);
  if (strategy === "mixed") {
    return {
      kind: "devices",
      devices: [
        ...(uncut > 0 ? [{ resource: GPU, count: uncut, profile: undefined }] : []),
        ...instances.map((each) => ({ ...each, resource: `nvidia.com/mig-${profileName(each.profile)}` })),
      ],
    };
  }
  const [only, ...others] = instances;
  if (only === undefined || others.length > 0 || uncut > 0) {
    const cut = instances.map(({ profile }) => profile).join(", ") || "no MIG device";
    const got = uncut > 0 ? `${cut} beside ${uncut} whole` : cut;
    return { kind: "invalid", reason: `strategy single wants MIG devices of one profile, got ${got}` };
  }
  return { kind: "devices", devices: [{ ...only, resource: GPU }] };
}
