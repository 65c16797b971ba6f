import type { Sample } from "./measure.ts";

/** One line of the table: ours beside a peer, measured in turn in one run. */
export interface Row {
  readonly what: string;
  readonly peer: string;
  readonly ours: Sample;
  readonly theirs: Sample;
  /** Largest ratio that is meant to hold; undefined where the line is for comparison only. */
  readonly target?: number;
}

/** A Markdown table of ratios; absolute times stand beside them to show what was divided, and on how busy a machine. */
export function markdown(rows: readonly Row[]): string {
  const line = ({ what, peer, ours, theirs, target }: Row): string => {
    const ratio = ours.seconds / theirs.seconds;
    const verdict =
      target === undefined ? "" : ` (target ${target.toFixed(1)}${ratio <= target ? "" : ", missed"})`;
    const memory =
      ours.megabytes > 0 && theirs.megabytes > 0
        ? `${Math.round(ours.megabytes)} / ${Math.round(theirs.megabytes)} MB`
        : "";
    const processor =
      ours.cpuSeconds > 0 && theirs.cpuSeconds > 0
        ? `${ours.cpuSeconds.toFixed(2)} / ${theirs.cpuSeconds.toFixed(2)} s`
        : "";
    return `| ${what} | ${peer} | ${ratio.toFixed(2)}${verdict} | ${ours.seconds.toFixed(2)} / ${theirs.seconds.toFixed(2)} s | ${processor} | ${memory} |`;
  };
  return [
    "| what | against | ratio | times | processor time | peak memory |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows.map(line),
  ].join("\n");
}
