import pc from "picocolors";
import type { Judgement } from "../plan/preflight/aspect.ts";
import { ASPECTS } from "../plan/preflight/aspects.ts";
import type { Comparison, NodeRow } from "../plan/preflight/compare.ts";
import type { Probed } from "../plan/preflight/probe-problems.ts";
import type { ProbeReport } from "../plan/preflight/probe-report.ts";
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

/** What the probes saw of their hosts, as a person reads it. */
export function probeText(probed: readonly Probed[]): string {
  return table(
    ["POOL", "NODE", ...PROBE_COLUMNS.map(([title]) => title)],
    probed.map(({ pool, node, report }) => [
      pool,
      node,
      ...(typeof report === "string"
        ? [pc.yellow("no report")]
        : PROBE_COLUMNS.map(([, value]) => value(report) ?? pc.dim("-"))),
    ]),
  );
}

const PROBE_COLUMNS: readonly (readonly [
  title: string,
  value: (report: ProbeReport) => string | undefined,
])[] = [
  ["BOARDS", ({ boards }) => boards?.toString()],
  ["SECURE BOOT", ({ secureBoot }) => (secureBoot === undefined ? undefined : secureBoot ? "on" : "off")],
  ["NOUVEAU", ({ nouveau }) => (nouveau === undefined ? undefined : nouveau ? "loaded" : "absent")],
  ["HOST DRIVER", ({ hostDriver }) => hostDriver],
  ["HEADERS", ({ headers }) => headers ?? "not checked"],
  [
    "CONTAINERD CONFIG",
    ({ containerdDump: dump, containerdFile: file }) =>
      dump === undefined ? undefined : `${dump} (file: ${file ?? "none"})`,
  ],
  ["INOTIFY", ({ inotifyInstances }) => inotifyInstances?.toString()],
];
