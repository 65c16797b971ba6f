/** Where an instance may begin and what it covers, as `nvidia-smi mig -lgipp` of such a board prints it. */
export type PrintedPlaces = Readonly<Record<string, string>>;

/** Profiles without their memory, which differs from board to board; `1g double` is 1g with twice the memory. */
export const PRINTED: Readonly<Record<"A30" | "A100" | "RTX PRO 6000", PrintedPlaces>> = {
  A30: { "1g": "{0,1,2,3}:1", "2g": "{0,2}:2", "4g": "{0}:4" },
  A100: {
    "1g": "{0,1,2,3,4,5,6}:1",
    "1g double": "{0,2,4,6}:2",
    "2g": "{0,2,4}:2",
    "3g": "{0,4}:4",
    "4g": "{0}:4",
    "7g": "{0}:8",
  },
  "RTX PRO 6000": { "1g": "{0,3,6,9}:3", "2g": "{0,6}:6", "4g": "{0}:12" },
};

/** Counts by profile, as text: sorted, zeros left out. */
export function layoutKey(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([profile, count]) => `${count}x${profile}`)
    .toSorted()
    .join(" ");
}

/**
 * Everything that fits a board, found by laying instances onto it one after the other in all ways: the other way round
 * from the product, which asks of one layout whether it fits.
 */
export function everyLayout(printed: PrintedPlaces): Set<string> {
  const spans = Object.entries(printed).flatMap(([profile, text]) => {
    const [, starts = "", size = ""] = /^\{([\d,]+)\}:(\d+)$/.exec(text) ?? [];
    return starts
      .split(",")
      .map((start) => ({ profile, from: Number(start), to: Number(start) + Number(size) }));
  });
  const found = new Set<string>();
  const lay = (index: number, lying: readonly (typeof spans)[number][]): void => {
    const span = spans[index];
    if (span === undefined) {
      const counts: Record<string, number> = {};
      for (const { profile } of lying) counts[profile] = (counts[profile] ?? 0) + 1;
      found.add(layoutKey(counts));
      return;
    }
    lay(index + 1, lying);
    if (lying.every(({ from, to }) => to <= span.from || span.to <= from)) lay(index + 1, [...lying, span]);
  };
  lay(0, []);
  return found;
}
