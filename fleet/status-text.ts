import pc from "picocolors";
import { begunInWords } from "../components/begun-rollouts.ts";
import { table } from "./table.ts";
import type { AppStatus, NodeStatus, ZoneStatus } from "./zone-status.ts";

/** The status as a person reads it: nodes, operands, apps. */
export function statusText(status: ZoneStatus): string {
  const lacking = nodesInWords(status);
  // A column for what nobody owes would be one for nothing.
  const columns = status.nodes.some(({ owes }) => owes.length > 0) ? 6 : 5;
  return [
    table(
      ["NODE", "POOL", "STATE", "BOARD", "ALLOCATABLE", "OWES"].slice(0, columns),
      status.nodes.map((node) => nodeRow(node).slice(0, columns)),
    ),
    ...(status.operands.length === 0
      ? []
      : [
          table(
            ["OPERAND", "READY"],
            status.operands.map(({ operand, ready, wanted }) => [operand, share(ready, wanted)]),
          ),
        ]),
    table(["APP", "PODS", "GPU EACH", "WHERE"], status.apps.map(appRow)),
    ...(lacking.length === 0 ? [] : [lacking.map((line) => pc.yellow(line)).join("\n")]),
  ].join("\n\n");
}

/** Nodes that do not offer their GPUs, and why: dark ones are told and not waited for. */
export function nodesInWords({ zone, nodes }: Pick<ZoneStatus, "zone" | "nodes">): string[] {
  return nodes.flatMap(({ node, ready, absent, step, rollout }) => [
    ...(ready ? [] : [`${node} ${absent ? "absent" : "NotReady"}`]),
    ...(ready && step !== null ? [`${node} waits for ${step}`] : []),
    ...(rollout === null ? [] : [`${node}: ${begunInWords(zone, rollout)}`]),
  ]);
}

/** What the zone's apps wait for, one phrase each. */
export function waitingFor(status: ZoneStatus): string[] {
  const { apps } = status;
  const dark = nodesInWords(status);
  const behind = apps.filter(({ running, wanted }) => running < wanted);
  return [
    ...behind.map(({ app, running, wanted, waiting }) => {
      const why = waiting[0];
      return `${app} ${running}/${wanted}${why === undefined ? "" : ` (${why})`}`;
    }),
    ...(behind.length > 0 ? dark : []),
  ];
}

function nodeRow(status: NodeStatus): string[] {
  const { node, pool, ready, absent, cordoned, product, resources, owes } = status;
  const state = absent ? pc.red("absent") : ready ? pc.green("Ready") : pc.red("NotReady");
  const counts = Object.entries(resources).map(([name, count]) => `${count} x ${name}`);
  return [
    node,
    pool ?? pc.dim("-"),
    `${state}${cordoned ? pc.yellow(", cordoned") : ""}`,
    product ?? pc.dim("-"),
    counts.length > 0 ? counts.join(", ") : pc.dim("no GPU"),
    owes.length > 0 ? pc.yellow(owes.map(({ part }) => part).join(", ")) : pc.dim("-"),
  ];
}

function appRow({ app, running, wanted, where, gpu }: AppStatus): string[] {
  const nodes = Object.entries(where)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([node, count]) => (count === 1 ? node : `${node} (${count})`));
  return [
    app,
    share(running, wanted),
    gpu ?? pc.dim("none"),
    nodes.length > 0 ? nodes.join(", ") : pc.dim("nowhere"),
  ];
}

function share(ready: number, wanted: number): string {
  const text = `${ready}/${wanted}`;
  return ready >= wanted ? pc.green(text) : pc.yellow(text);
}
