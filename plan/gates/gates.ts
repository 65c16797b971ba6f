import type { Problem } from "../config/problem.ts";
import type { Gate, RunInput } from "./gate.ts";
import { holdGate } from "./hold.ts";
import { identityGate } from "./identity.ts";
import { releaseGate } from "./release.ts";
import { windowGate } from "./window.ts";

const GATES: readonly Gate[] = [identityGate, releaseGate, holdGate, windowGate];

/** Everything that keeps this run from starting now; in a preview the same as warnings. */
export function checkGates(input: RunInput): Problem[] {
  return GATES.flatMap((gate) => gate(input));
}
