import { configPlace } from "../checks/check.ts";
import type { Problem } from "../config/problem.ts";
import type { NodePool, Zone } from "../config/zone.ts";
import type { Around, Aspect, Judgement } from "./aspect.ts";
import { ASPECTS } from "./aspects.ts";
import type { Machine } from "./machine.ts";
import { poolOf } from "./pool-of.ts";

/** A node of a pool, as it is and as it is declared, in the order of `ASPECTS`. */
export interface NodeRow {
  readonly pool: string;
  readonly node: string;
  /** `absent`: the pool names it, and the cluster does not have it. */
  readonly state: "Ready" | "NotReady" | "absent";
  /** Its container runtime as the node tells it, such as `containerd@2.1.4`. */
  readonly runtime: string | undefined;
  readonly judgements: readonly Judgement[];
}

export interface Comparison {
  /** Pool by pool, in the zone's order. */
  readonly rows: readonly NodeRow[];
  readonly problems: readonly Problem[];
}

/** Declared against real, pool by pool. @param server version of the API server; undefined where it does not say */
export function compare(zone: Zone, machines: readonly Machine[], server: string | undefined): Comparison {
  const around = { zone, server };
  const pools = Object.entries(zone.nodePools).map(([name, pool]) => {
    const own = machines.filter((machine) => poolOf(zone, machine.name, machine.labels) === name);
    return {
      rows: rowsOf(name, pool, own, around),
      problems: [
        ...countProblems(zone, name, pool, own),
        ...ASPECTS.flatMap((aspect) => aspectProblems(aspect, name, pool, own, around)),
      ],
    };
  });
  return {
    rows: pools.flatMap(({ rows }) => rows),
    problems: pools.flatMap(({ problems }) => problems),
  };
}

function rowsOf(name: string, pool: NodePool, own: readonly Machine[], around: Around): NodeRow[] {
  const there = new Set(own.map((machine) => machine.name));
  const absent = (pool.nodes ?? []).filter((node) => !there.has(node));
  return [
    ...own.map((machine) => ({
      pool: name,
      node: machine.name,
      state: machine.ready ? ("Ready" as const) : ("NotReady" as const),
      runtime: machine.runtime,
      judgements: ASPECTS.map(({ judge }) => judge(machine, pool, around)),
    })),
    ...absent.map((node) => ({
      pool: name,
      node,
      state: "absent" as const,
      runtime: undefined,
      judgements: [],
    })),
  ].toSorted((a, b) => (a.node < b.node ? -1 : 1));
}

/** A selector that does not find as many nodes as it is meant to; named nodes that are absent are told one by one. */
function countProblems(
  zone: Zone,
  name: string,
  { nodes, count }: NodePool,
  own: readonly Machine[],
): Problem[] {
  if (nodes !== undefined || count === undefined || own.length === count) return [];
  const fewer = own.length < count;
  return [
    {
      ...configPlace(zone, `nodePools.${name}.count`),
      // Nodes come and go with the power: fewer of them are no contradiction.
      code: fewer ? "GZ309" : "GZ403",
      severity: "warning",
      message: `wanted ${count} nodes of pool ${name}, got ${own.length} that its selector chooses`,
      fix: fewer
        ? "nothing to do if they come back; else look at their labels, or change count"
        : "change count, or make the selector narrower",
    },
  ];
}

/** One problem for all nodes of the pool that are wrong in the same way. */
function aspectProblems(
  { key, judge }: Aspect,
  name: string,
  pool: NodePool,
  own: readonly Machine[],
  around: Around,
): Problem[] {
  const alike = new Map<string, { judgement: Judgement; nodes: string[] }>();
  for (const machine of own) {
    const judgement = judge(machine, pool, around);
    if (judgement.wrong === undefined) continue;
    const at = JSON.stringify(judgement);
    const group = alike.get(at) ?? { judgement, nodes: [] };
    group.nodes.push(machine.name);
    alike.set(at, group);
  }
  return [...alike.values()].flatMap(({ judgement: { real, wanted, wrong }, nodes }) => {
    if (wrong === undefined) return [];
    const what = wrong.wanted ?? `${key} ${wanted ?? ""} of pool ${name}`;
    const so = wrong.so === undefined ? "" : `: ${wrong.so}`;
    return [
      {
        ...configPlace(around.zone, `nodePools.${name}.${key}`),
        code: wrong.code,
        severity: wrong.severity,
        message: `wanted ${what}, got ${real ?? ""} on ${nodes.toSorted().join(", ")}${so}`,
        fix: wrong.fix,
      },
    ];
  });
}
