import type { MigBoard, MigLayout, MigProfile } from "./mig-boards.ts";

/** Whether one board can hold a layout; `unknown` where no public source says. */
export type Fit = "fits" | "impossible" | "unknown";

/** Instances of one profile, as many as a layout wants. */
interface Wanted {
  readonly profile: MigProfile;
  readonly count: number;
}

/**
 * Whether one board holds all instances of the layout at once: each needs a place of its own, so sums do not decide
 * (a 3g instance of a seven-slice board covers half of the memory, wherever it lies).
 */
export function places(board: MigBoard, layout: MigLayout): Fit {
  const no = board.verified ? "impossible" : "unknown";
  const wanted: Wanted[] = [];
  for (const [name, count] of Object.entries(layout)) {
    if (count === 0) continue;
    const profile = board.profiles.find((each) => each.profile === name);
    if (profile === undefined || count > profile.maxInstances) return no;
    wanted.push({ profile, count });
  }
  // Equal slices up to the published number need no placement to be known.
  if (wanted.length <= 1) return "fits";
  if (computeSlices(wanted) > boardSlices(board)) return no;
  const free = canLie(wanted);
  if (free === undefined) return "unknown";
  if (!free) return board.placements === "published" ? "impossible" : "unknown";
  return mediaEngines(wanted);
}

/** Layouts of known profiles that a board holds and to which nothing can be added, those most like the wanted one first. */
export function nearestLayouts(board: MigBoard, layout: MigLayout, most: number): MigLayout[] {
  // Variants (media engines, graphics) are many and rarely meant: only those that were asked for.
  const profiles = board.profiles.filter(
    ({ profile }) => !/[+-]/.test(profile) || Object.hasOwn(layout, profile),
  );
  const distance = (other: MigLayout): number =>
    profiles.reduce(
      (sum, { profile, slices }) => sum + Math.abs((other[profile] ?? 0) - (layout[profile] ?? 0)) * slices,
      0,
    );
  return fullLayouts(board, profiles)
    .map((each) => ({ each, away: distance(each) }))
    .toSorted((one, other) => one.away - other.away)
    .slice(0, most)
    .map(({ each }) => each);
}

/** A pool's `mig` as it is written: a standard name, or a layout. */
export function migText(mig: string | MigLayout): string {
  return typeof mig === "string" ? mig : layoutText(mig);
}

/** A layout as it is written in a pool: `{ 1g.5gb: 2, 3g.20gb: 1 }`. */
export function layoutText(layout: MigLayout): string {
  const parts = Object.entries(layout)
    .filter(([, count]) => count > 0)
    .map(([profile, count]) => `${profile}: ${count}`);
  return `{ ${parts.join(", ")} }`;
}

/** Compute slices of the whole board: those of its largest profile. */
function boardSlices(board: MigBoard): number {
  return Math.max(...board.profiles.map(({ slices }) => slices));
}

function computeSlices(wanted: readonly Wanted[]): number {
  return wanted.reduce((sum, { profile, count }) => sum + profile.slices * count, 0);
}

/** True when all instances find a place; undefined when the places of one are not known. */
function canLie(wanted: readonly Wanted[]): boolean | undefined {
  const instances: number[][] = [];
  // The largest have the fewest places.
  for (const { profile, count } of wanted.toSorted(
    (one, other) => (other.profile.places?.size ?? 0) - (one.profile.places?.size ?? 0),
  )) {
    if (profile.places === undefined) return undefined;
    const masks = placeMasks(profile.places.starts, profile.places.size);
    for (let instance = 0; instance < count; instance++) instances.push(masks);
  }
  const dead = new Set<string>();
  const lie = (index: number, taken: number): boolean => {
    const masks = instances[index];
    if (masks === undefined) return true;
    const key = `${index}/${taken}`;
    if (dead.has(key)) return false;
    if (masks.some((mask) => (mask & taken) === 0 && lie(index + 1, taken | mask))) return true;
    dead.add(key);
    return false;
  };
  return lie(0, 0);
}

/** The units that an instance covers at each of its places, one bit each. */
function placeMasks(starts: readonly number[], size: number): number[] {
  return starts.map((start) => ((1 << size) - 1) << start);
}

/**
 * Media engines are few. `+me` takes the one JPEG and OFA engine of a board (MIG user guide, hardware units of A30);
 * what `+me.all` leaves to others nobody wrote down, but that it takes all media engines.
 */
function mediaEngines(wanted: readonly Wanted[]): Fit {
  const named = (suffix: string): readonly Wanted[] =>
    wanted.filter(({ profile }) => profile.profile.endsWith(suffix));
  if (named("+me").reduce((sum, { count }) => sum + count, 0) > 1) return "impossible";
  const all = named("+me.all");
  const others = wanted.filter((each) => !all.includes(each) && !each.profile.profile.endsWith("-me"));
  const takers = all.reduce((sum, { count }) => sum + count, 0);
  return takers > 1 || (takers === 1 && others.length > 0) ? "unknown" : "fits";
}

/** Every layout of these profiles to which no further instance of them can be added. */
function fullLayouts(board: MigBoard, profiles: readonly MigProfile[]): MigLayout[] {
  const full: MigLayout[] = [];
  const seen = new Set<string>();
  const grow = (layout: MigLayout): void => {
    const larger = profiles
      .map(({ profile }) => withOneMore(layout, profile, profiles))
      .filter((next) => places(board, next) === "fits");
    if (larger.length === 0 && Object.keys(layout).length > 0) full.push(layout);
    for (const next of larger) {
      const text = layoutText(next);
      if (seen.has(text)) continue;
      seen.add(text);
      grow(next);
    }
  };
  grow({});
  return full;
}

/** In the table's order, so that one layout has one text. */
function withOneMore(layout: MigLayout, added: string, profiles: readonly MigProfile[]): MigLayout {
  return Object.fromEntries(
    profiles.flatMap(({ profile }) => {
      const count = (layout[profile] ?? 0) + (profile === added ? 1 : 0);
      return count === 0 ? [] : [[profile, count] as const];
    }),
  );
}
