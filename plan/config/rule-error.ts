import type { Origins } from "./origins.ts";
import type { Problem } from "./problem.ts";

/** An error at the line that gave a value, or would have given it. */
export function ruleError(
  zone: string,
  origins: Origins,
  path: string,
  code: Problem["code"],
  text: Pick<Problem, "message" | "fix">,
): Problem {
  const origin = origins.placeFor(path);
  return {
    code,
    severity: "error",
    zone,
    path,
    file: origin?.file ?? `Pulumi.${zone}.yaml`,
    line: origin?.line ?? 0,
    ...text,
  };
}
