/**
 * Operands in the order in which a node needs them (gpu-stack reference 2); a destroy takes them away in the reverse
 * order: while the toolkit goes, nothing may still need the runtime, and the driver goes after all who hold it.
 */
const STAGES: readonly (readonly string[])[] = [
  ["node-feature-discovery", "runtime-classes", "labeller"],
  ["driver"],
  ["container-toolkit"],
  ["operator-validator"],
  [
    "device-plugin",
    "mps-control-daemon",
    "dcgm-exporter",
    "gpu-feature-discovery",
    "mig-manager",
    "node-status-exporter",
  ],
];

/** True when an operand needs what the other does on the node: it is applied after it and deleted before it. */
export function needs(operand: string, other: string): boolean {
  return stageOf(other) < stageOf(operand);
}

/** Stage of an operand, 0 first. */
function stageOf(operand: string): number {
  const stage = STAGES.findIndex((names) => names.includes(operand));
  if (stage === -1) throw new Error(`operand ${operand} has no place in the order of a node`);
  return stage;
}
