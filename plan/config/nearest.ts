import { closest, distance } from "fastest-levenshtein";

/** The candidate a person most likely meant, if one is close enough to be worth saying. */
export function nearest(wanted: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  const best = closest(wanted, [...candidates]);
  // At least one letter must be right: of two letters, every other name is two slips away.
  const slips = Math.min(wanted.length - 1, Math.max(2, Math.floor(wanted.length / 3)));
  return distance(wanted, best) <= slips ? best : undefined;
}

/** `did you mean "x"?`, or the list of what there is. */
export function suggestion(wanted: string, candidates: readonly string[]): string {
  const best = nearest(wanted, candidates);
  if (best !== undefined) return `did you mean "${best}"?`;
  return candidates.length === 0
    ? "there is none to choose from"
    : `there is: ${[...candidates].toSorted().join(", ")}`;
}
