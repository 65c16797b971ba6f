import { configPlace } from "../plan/checks/check.ts";
import type { Problem } from "../plan/config/problem.ts";
import { operandNames, type Plan } from "../plan/plan.ts";
import { podText, readGpuPods } from "./foreign-gpu-pods.ts";
import type { Earlier } from "./kept.ts";
import type { Kubectl } from "./kubectl.ts";

/** Operands without which a pod that holds a GPU cannot be started again. */
const NEEDED = ["driver", "container-toolkit", "device-plugin"];

/** What is to be known of a run that may take operands away. */
export interface Withdrawal {
  readonly plan: Plan;
  /** Objects of the last update. */
  readonly earlier: Earlier;
  readonly preview: boolean;
  /** `GPU_ZONES_OVERRIDE`: somebody says why it may be. */
  readonly override: string | undefined;
}

/** Operands of the last update that the plan no longer has, of those that GPU pods need. */
export function withdrawnOperands({ plan, earlier }: Pick<Withdrawal, "plan" | "earlier">): string[] {
  const stay = operandNames(plan);
  return NEEDED.filter(
    (operand) =>
      !stay.includes(operand) &&
      [...earlier].some(([id, { kind }]) => kind === "DaemonSet" && id.startsWith(`${operand}/`)),
  );
}

/** An update takes no operand away from under pods that hold GPUs, unless somebody said why; a preview tells it. */
export async function withdrawnProblems(cluster: Kubectl, run: Withdrawal): Promise<Problem[]> {
  const operands = withdrawnOperands(run);
  if (operands.length === 0 || (run.override ?? "").trim() !== "") return [];
  const pods = await readGpuPods(cluster);
  if (typeof pods !== "string" && pods.length === 0) return [];
  const held =
    typeof pods === "string" ? `nobody knows by whom (${pods})` : `by ${pods.map(podText).join(", ")}`;
  return [
    {
      ...configPlace(run.plan.zone, run.plan.zone.gpu.managed ? "gpu" : "gpu.managed"),
      code: "GZ308",
      severity: run.preview ? "warning" : "error",
      message: `wanted no pod on a GPU while ${operands.join(", ")} ${operands.length === 1 ? "goes" : "go"}, got GPUs held ${held}`,
      fix: 'end these pods first, or say why they may lose their GPUs: GPU_ZONES_OVERRIDE="reason"',
    },
  ];
}
