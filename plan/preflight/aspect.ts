import type { Problem } from "../config/problem.ts";
import type { NodePool, Zone } from "../config/zone.ts";
import type { Machine } from "./machine.ts";

/** What a node is in one respect, beside what its pool says. */
export interface Judgement {
  /** Undefined: the node does not say it (yet). */
  readonly real: string | undefined;
  /** Undefined: the pool does not say it. */
  readonly wanted: string | undefined;
  /** Undefined: nothing is wrong. */
  readonly wrong?: Pick<Problem, "code" | "severity" | "fix"> & {
    /** What was wanted, as the message says it. Default: `<key> <wanted> of pool <pool>`. */
    readonly wanted?: string;
    /** What follows from it. Default: nothing is said. */
    readonly so?: string;
  };
}

/** One respect in which nodes and pools are compared. */
export interface Aspect {
  /** Key of the pool that declares it. */
  readonly key: string;
  /** Column of the table. */
  readonly title: string;
  readonly judge: (machine: Machine, pool: NodePool, around: Around) => Judgement;
}

export interface Around {
  readonly zone: Zone;
  /** Version of the API server, such as `1.34.2`; undefined where it does not say. */
  readonly server: string | undefined;
}
