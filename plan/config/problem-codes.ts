import { APP_CODES } from "./problem-codes/apps.ts";
import type { CodeInfo } from "./problem-codes/code-info.ts";
import { CONFIGURATION_CODES } from "./problem-codes/configuration.ts";
import { DRIVER_CODES } from "./problem-codes/drivers.ts";
import { GPU_CODES } from "./problem-codes/gpu.ts";
import { IMAGE_CODES } from "./problem-codes/images.ts";
import { LIVE_CODES } from "./problem-codes/live.ts";
import { NODE_CODES } from "./problem-codes/nodes.ts";
import { RUN_CODES } from "./problem-codes/runs.ts";

/** Every problem code: GZ0 configuration, GZ1 apps, GZ2 GPUs and the plan, GZ3 runs, GZ4 clusters as they are. */
export const PROBLEM_CODES = {
  ...CONFIGURATION_CODES,
  ...APP_CODES,
  ...GPU_CODES,
  ...DRIVER_CODES,
  ...NODE_CODES,
  ...IMAGE_CODES,
  ...RUN_CODES,
  ...LIVE_CODES,
} as const satisfies Record<string, CodeInfo>;

export type ProblemCode = keyof typeof PROBLEM_CODES;
