import type { Problem } from "../config/problem.ts";
import type { Zone } from "../config/zone.ts";
import type { Check, CheckInput } from "./check.ts";
import { cdiFitsRuntime } from "./cdi-fits-runtime.ts";
import { customResourceHasDefinition } from "./custom-resource-has-definition.ts";
import { driverBootsSecurely } from "./driver-boots-securely.ts";
import { driverHasImage } from "./driver-has-image.ts";
import { driverHasPackageMirror } from "./driver-has-package-mirror.ts";
import { driverKnowsBoard } from "./driver-knows-board.ts";
import { driverRunsCuda } from "./driver-runs-cuda.ts";
import { kernelModulesDriveBoard } from "./kernel-modules-drive-board.ts";
import { driverOf } from "../gpu/driver.ts";
import { migLayoutFitsBoard } from "./mig-layout-fits-board.ts";
import { migStrategyOffersLayout } from "./mig-strategy-offers-layout.ts";
import { objectHasNamespace } from "./object-has-namespace.ts";
import { objectHasOneOwner } from "./object-has-one-owner.ts";
import { operandIsThere } from "./operand-is-there.ts";
import { sharingWorks } from "./sharing-works.ts";
import { runtimeIsNamed } from "./runtime-is-named.ts";
import { selectorMatchesTemplate } from "./selector-matches-template.ts";

const CHECKS: readonly Check[] = [
  objectHasNamespace,
  objectHasOneOwner,
  selectorMatchesTemplate,
  customResourceHasDefinition,
  migLayoutFitsBoard,
  migStrategyOffersLayout,
  sharingWorks,
  driverKnowsBoard(driverOf),
  kernelModulesDriveBoard(driverOf),
  driverHasImage(driverOf),
  driverBootsSecurely(driverOf),
  driverHasPackageMirror(driverOf, saysWhereFrom),
  driverRunsCuda(driverOf),
  runtimeIsNamed,
  operandIsThere,
  cdiFitsRuntime,
];

/** Null is an answer too: the distribution's own packages, from the internet. */
function saysWhereFrom({ origins }: Zone): boolean {
  return [...origins.paths()].some((path) => /^gpu\.driver\.repoConfig(\.|$)/.test(path));
}

/** Every check on the plan; all findings at once. */
export function checkPlan(input: CheckInput): Problem[] {
  return CHECKS.flatMap((check) => check(input));
}
