import pc from "picocolors";
import type { Judgement } from "../plan/preflight/aspect.ts";
import { ASPECTS } from "../plan/preflight/aspects.ts";
import type { Comparison, NodeRow } from "../plan/preflight/compare.ts";
import { table } from "./table.ts";

const STATES: Readonly<Record<NodeRow["state"], (text: string) => string>> = {
  Ready: pc.green,
  NotReady: pc.red,
  absent: pc.red,
};

/** Nodes beside their pools, as a person reads it: what is, and where it is something else, what was wanted. */
export function preflightText({ rows }: Comparison): string {
  if (rows.length === 0) return "no node of a pool was seen";
  return table(
    ["POOL", "NODE", "STATE", ...ASPECTS.map(({ title }) => title)],
    rows.map(({ pool, node, state, judgements }) => [
      pool,
      node,
      STATES[state](state),
      ...ASPECTS.map((_, column) => cell(judgements[column])),
    ]),
  );
}

function cell(judgement: Judgement | undefined): string {
  if (judgement?.real === undefined) return pc.dim("-");
  const { real, wanted, wrong } = judgement;
  if (wrong === undefined) return real;
  const text = `${real} (wanted ${wanted ?? wrong.wanted ?? ""})`;
  return wrong.severity === "error" ? pc.red(text) : pc.yellow(text);
}
