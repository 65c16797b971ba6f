import { MIG_BOARDS, type MigBoard, type MigLayout, type MigProfile } from "./mig-boards.ts";

/** True when the layout of that name puts the board into MIG mode. */
export function enablesMig(layoutName: string): boolean {
  return layoutName !== "all-disabled";
}

/** The board of that product label; undefined: it is not in the table (which does not say that it cannot do MIG). */
export function migBoard(product: string): MigBoard | undefined {
  return BOARDS.get(product);
}

/** Names of the layouts that the MIG manager generates for the board: what `mig` of a pool may be. */
export function standardLayoutNames(product: string): readonly string[] {
  const board = migBoard(product);
  if (board === undefined) return [];
  const balanced = board.allBalanced === undefined ? [] : ["all-balanced"];
  return ["all-disabled", "all-enabled", ...balanced, ...board.profiles.map(layoutName)];
}

/**
 * What one board holds under a standard layout (`all-disabled` and `all-enabled`: no instance).
 * @returns undefined when the board has no layout of that name, or is not in the table
 */
export function standardLayout(product: string, name: string): MigLayout | undefined {
  const board = migBoard(product);
  if (board === undefined) return undefined;
  if (name === "all-disabled" || name === "all-enabled") return {};
  if (name === "all-balanced") return board.allBalanced;
  const profile = board.profiles.find((each) => layoutName(each) === name);
  return profile && { [profile.profile]: profile.maxInstances };
}

/** `1g.5gb+me` is `all-1g.5gb.me`: a label value takes no plus sign. */
function layoutName(profile: MigProfile): string {
  return `all-${profile.profile.replace("+", ".")}`;
}

const BOARDS: ReadonlyMap<string, MigBoard> = new Map(
  MIG_BOARDS.flatMap((board) => board.products.map((product) => [product, board] as const)),
);
