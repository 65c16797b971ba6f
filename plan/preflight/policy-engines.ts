import { configPlace } from "../checks/check.ts";
import type { Problem } from "../config/problem.ts";
import type { Zone } from "../config/zone.ts";

/** Policy engines by an API group of theirs: what they admit is in nobody's files. */
const ENGINES: readonly (readonly [name: string, group: RegExp])[] = [
  ["Kyverno", /(^|\.)kyverno\.io$/],
  ["Gatekeeper", /\.gatekeeper\.sh$/],
  ["Kubewarden", /\.kubewarden\.io$/],
];

/** Names of the policy engines that the cluster has. @param groups its API groups */
export function policyEngines(groups: readonly string[]): string[] {
  return ENGINES.filter(([, group]) => groups.some((each) => group.test(each))).map(([name]) => name);
}

/** GPU operands are privileged and mount host paths, which is what policies are made to refuse. */
export function policyProblems(zone: Zone, engines: readonly string[]): Problem[] {
  if (!zone.gpu.managed) return [];
  return engines.map((engine) => ({
    ...configPlace(zone, "gpu"),
    code: "GZ405" as const,
    severity: "warning" as const,
    message: `wanted a cluster that admits privileged pods with host paths in namespace gpu-operator, got ${engine}, whose policies nobody could read here`,
    fix: `exempt namespace gpu-operator from ${engine}'s policies on privileged pods, host paths and host namespaces`,
  }));
}
