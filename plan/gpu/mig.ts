import type { NodePool } from "../config/zone.ts";
import { quantityValue } from "../quantity.ts";
import { MIG_BOARDS, type MigBoard, type MigLayout, type MigProfile } from "./mig-boards.ts";

/** True when the layout of that name puts the board into MIG mode. */
export function enablesMig(layoutName: string): boolean {
  return layoutName !== "all-disabled";
}

/** The board of that product label; undefined: it is not in the table (which does not say that it cannot do MIG). */
export function migBoard(product: string): MigBoard | undefined {
  return BOARDS.get(product);
}

/** The pool's board: the table's, or what the pool says of one that is not in it, or that nobody verified. */
export function migBoardOf({ product, board }: Pick<NodePool, "product" | "board">): MigBoard | undefined {
  const known = migBoard(product);
  if (known?.verified === true || board?.migProfiles === undefined) return known;
  const profiles = Object.entries(board.migProfiles).map(([name, most]) => declaredProfile(name, most));
  return {
    products: [product],
    devices: known?.devices ?? [],
    memoryGB: board.memory === undefined ? 0 : (quantityValue(board.memory) ?? 0) / 2 ** 30,
    maxInstances: Math.max(...profiles.map(({ maxInstances }) => maxInstances)),
    verified: false,
    placements: "unknown",
    allBalanced: undefined,
    profiles,
  };
}

/** Slices and memory stand in the name; the memory slices, and so the places, nobody said. */
function declaredProfile(profile: string, maxInstances: number): MigProfile {
  const [, slices = "", memory = ""] = /^(\d+)g\.(\d+)gb/.exec(profile) ?? [];
  return {
    ...{ profile, maxInstances, slices: Number(slices), memorySlices: Number(slices) },
    ...{ memoryGB: Number(memory), places: undefined },
  };
}

/** Names of the layouts that the MIG manager generates for the board: what `mig` of a pool may be. */
export function layoutNames(board: MigBoard): readonly string[] {
  const balanced = board.allBalanced === undefined ? [] : ["all-balanced"];
  return ["all-disabled", "all-enabled", ...balanced, ...board.profiles.map(layoutName)];
}

/**
 * What one board holds under a standard layout (`all-disabled` and `all-enabled`: no instance).
 * @returns undefined when the board has no layout of that name
 */
export function layoutNamed(board: MigBoard, name: string): MigLayout | undefined {
  if (name === "all-disabled" || name === "all-enabled") return {};
  if (name === "all-balanced") return board.allBalanced;
  const profile = board.profiles.find((each) => layoutName(each) === name);
  return profile && { [profile.profile]: profile.maxInstances };
}

/** The same by product; none when it is not in the table. */
export function standardLayoutNames(product: string): readonly string[] {
  const board = migBoard(product);
  return board === undefined ? [] : layoutNames(board);
}

/** The same by product; undefined also when it is not in the table. */
export function standardLayout(product: string, name: string): MigLayout | undefined {
  const board = migBoard(product);
  return board && layoutNamed(board, name);
}

/** `1g.5gb+me` is `all-1g.5gb.me`: a label value takes no plus sign. */
function layoutName(profile: MigProfile): string {
  return `all-${profile.profile.replace("+", ".")}`;
}

const BOARDS: ReadonlyMap<string, MigBoard> = new Map(
  MIG_BOARDS.flatMap((board) => board.products.map((product) => [product, board] as const)),
);
