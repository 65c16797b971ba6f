import type { Problem } from "../config/problem.ts";
import type { NodePool } from "../config/zone.ts";
import { isKnownBoard, isWithoutMig } from "../gpu/boards.ts";
import type { MigBoard, MigLayout } from "../gpu/mig-boards.ts";
import { layoutNamed, layoutNames, migBoardOf } from "../gpu/mig.ts";
import { layoutText, migText, nearestLayouts, places } from "../gpu/places.ts";
import { isPartitioned } from "../gpu/product-label.ts";
import { configPlace, type Check } from "./check.ts";

/** Layouts that a finding offers at most. */
const OFFERED = 5;

type Finding = Pick<Problem, "severity" | "message" | "fix">;

/** A layout that the board does not have ends in `mig.config.state=failed` on the node, long after the update. */
export const migLayoutFitsBoard: Check = ({ zone }) => {
  const custom = Object.values(zone.nodePools).some(({ mig }) => typeof mig === "object");
  return Object.entries(zone.nodePools).flatMap(([name, pool]): Problem[] => {
    const finding = layoutFinding(pool, custom);
    const unread = pool.board !== undefined && isKnownBoard(pool.product) ? [boardIsKnown(pool)] : [];
    return [
      ...(finding === undefined ? [] : [{ ...configPlace(zone, `nodePools.${name}.mig`), ...finding }]),
      ...unread.map((each) => ({ ...configPlace(zone, `nodePools.${name}.board`), ...each })),
    ].map((each) => ({ code: "GZ202" as const, ...each }));
  });
};

/** @param custom true where the zone has a custom layout: the MIG manager then generates none, and has what we write */
function layoutFinding(pool: NodePool, custom: boolean): Finding | undefined {
  const { mig, product } = pool;
  if (mig === undefined || !isPartitioned(pool)) return undefined;
  if (isWithoutMig(product)) {
    return {
      severity: "error",
      message: `wanted a board that can be cut into MIG devices, got ${product}, which has no MIG`,
      fix: "take mig out of the pool; sharing: { timeSlicing: n } lets pods share the board",
    };
  }
  const board = migBoardOf(pool);
  if (board === undefined && custom && typeof mig === "string") {
    return {
      severity: "warning",
      message: `wanted a board whose MIG layouts are known beside a custom layout, got ${product}: the nodes will not find ${mig}`,
      fix: "say what the board is, board: { migProfiles: { <profile>: n } }, or write the layout as instances by profile",
    };
  }
  if (board === undefined) {
    return {
      severity: "warning",
      message: `wanted a board whose MIG layouts are known, got ${product}: ${migText(mig)} is not checked`,
      fix: "check the layout against nvidia-smi mig -lgip on such a node",
    };
  }
  return typeof mig === "string" ? nameFinding(product, board, mig) : customFinding(product, board, mig);
}

function nameFinding(product: string, board: MigBoard, name: string): Finding | undefined {
  if (layoutNamed(board, name) !== undefined) return undefined;
  return {
    severity: board.verified ? "error" : "warning",
    message: `wanted a MIG layout that ${product} has, got ${name}${doubt(board)}`,
    fix: `${likelyName(board, name)}the board has: ${layoutNames(board).join(", ")}`,
  };
}

function customFinding(product: string, board: MigBoard, layout: MigLayout): Finding | undefined {
  const fit = places(board, layout);
  if (fit === "fits") return undefined;
  const near = nearestLayouts(board, layout, OFFERED).map(layoutText);
  const offer = near.length === 0 ? "" : `layouts that fit: ${near.join(", ")}`;
  if (fit === "unknown") {
    return {
      severity: "warning",
      message: `wanted a MIG layout that is known to fit ${product}, got ${layoutText(layout)}${doubt(board)}`,
      fix: ["compare it with nvidia-smi mig -lgipp on such a node", offer].filter(Boolean).join("; "),
    };
  }
  const strange = Object.keys(layout).filter(
    (name) => !board.profiles.some(({ profile }) => profile === name),
  );
  const why = strange.length === 0 ? "" : `: the board has no ${strange.join(", ")}`;
  return {
    severity: "error",
    message: `wanted a MIG layout that fits ${product}, got ${layoutText(layout)}${why}`,
    fix: `${likelyLayout(board, layout)}${offer}`,
  };
}

function boardIsKnown({ product }: NodePool): Finding {
  return {
    severity: "warning",
    message: `wanted board: for a board that gpu-zones does not know, got ${product}: board: is not read`,
    fix: "take board: out of the hardware class",
  };
}

function doubt(board: MigBoard): string {
  return board.verified ? "" : " (this board's table is unverified)";
}

/** `all-3g.40gb` on a 40 GB board: the same compute slices under the name that this board gives them. */
function likelyName(board: MigBoard, name: string): string {
  const slices = /^all-(\d+g)\./.exec(name)?.[1];
  const same = layoutNames(board).find((each) => each.startsWith(`all-${slices ?? "?"}.`));
  return same === undefined ? "" : `here that is ${same}; `;
}

/** The same of a layout, where what it would be here fits. */
function likelyLayout(board: MigBoard, layout: MigLayout): string {
  const here = (name: string): string =>
    board.profiles.find(({ profile }) => profile === name)?.profile ??
    board.profiles.find(({ profile }) => nameless(profile) === nameless(name))?.profile ??
    name;
  const meant = Object.fromEntries(Object.entries(layout).map(([name, count]) => [here(name), count]));
  const renamed = layoutText(meant) !== layoutText(layout);
  return renamed && places(board, meant) === "fits" ? `here that is ${layoutText(meant)}; ` : "";
}

/** A profile without its memory: `3g`, `1g+me`. */
function nameless(profile: string): string {
  return profile.replace(/\.\d+gb/, "");
}
