import type { Problem } from "../config/problem.ts";
import type { Check, CheckInput } from "./check.ts";
import { customResourceHasDefinition } from "./custom-resource-has-definition.ts";
import { migLayoutFitsBoard } from "./mig-layout-fits-board.ts";
import { objectHasNamespace } from "./object-has-namespace.ts";
import { objectHasOneOwner } from "./object-has-one-owner.ts";
import { runtimeIsNamed } from "./runtime-is-named.ts";
import { selectorMatchesTemplate } from "./selector-matches-template.ts";

const CHECKS: readonly Check[] = [
  objectHasNamespace,
  objectHasOneOwner,
  selectorMatchesTemplate,
  customResourceHasDefinition,
  migLayoutFitsBoard,
  runtimeIsNamed,
];

/** Every check on the plan; all findings at once. */
export function checkPlan(input: CheckInput): Problem[] {
  return CHECKS.flatMap((check) => check(input));
}
