import { PARTS, type Part } from "./owed.ts";
import { ROLLOUT } from "./names.ts";

/**
 * What a rollout leaves on a node while it is at work there. It is written in the same request as the cordon, and taken
 * away in the same request as the uncordon: a run that dies leaves all that the next one must know.
 */
export interface Mark {
  /** What the node is to get. */
  readonly what: readonly Part[];
  /** Somebody else had cordoned the node: it is left so. */
  readonly initiallyUnschedulable: boolean;
  /** Somebody else had switched driver-manager's own eviction off: it is left so. */
  readonly initiallyEnabled: boolean;
  /** RFC 3339; for people. */
  readonly started: string;
  /** Parts whose label was written: a MIG layout that fails after that is not tried again by itself. */
  readonly changed: readonly Part[];
  /** A label was written since the node was begun, in whichever run: it is given back when it is whole, and not before. */
  readonly touched: boolean;
  /** The MIG layout failed at first, and was asked for once more. */
  readonly again: boolean;
  /** The node was freed from a MIG change that hung; it is not done twice. */
  readonly freed: boolean;
}

/** The node's mark; one that cannot be read says only that a rollout is at work: the node gets what it owes, and is given back. */
export function readMark(annotations: Readonly<Record<string, string>>): Mark | undefined {
  const text = annotations[ROLLOUT];
  if (text === undefined) return undefined;
  const value = parsed(text);
  const parts = (list: unknown): Part[] =>
    Array.isArray(list) ? PARTS.filter((part) => list.includes(part)) : [];
  return {
    what: parts(value["what"]),
    initiallyUnschedulable: value["initiallyUnschedulable"] === true,
    initiallyEnabled: value["initiallyEnabled"] === true,
    started: typeof value["started"] === "string" ? value["started"] : "",
    changed: parts(value["changed"]),
    touched: value["touched"] === true || parts(value["changed"]).length > 0,
    again: value["again"] === true,
    freed: value["freed"] === true,
  };
}

export function writeMark(mark: Mark): string {
  return JSON.stringify(mark);
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
