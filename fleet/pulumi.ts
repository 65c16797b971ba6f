import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { findTool } from "../tools/find.ts";
import type { Surroundings } from "./surroundings.ts";

/** How a run of the engine ended. */
export interface PulumiRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface PulumiOptions {
  /** Shows the engine's output on stderr as it comes; it is kept all the same. */
  readonly show?: boolean;
  /** More environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The only file of `zones` that starts the engine. Ctrl-C reaches it through the process group; it ends in order. */
export async function pulumi(
  surroundings: Surroundings,
  args: readonly string[],
  options: PulumiOptions = {},
): Promise<PulumiRun> {
  const tool = await findTool("pulumi", { log: surroundings.err });
  return new Promise((resolve, reject) => {
    const child = spawn(tool.path, [...args], {
      cwd: surroundings.repository,
      env: {
        ...surroundings.env,
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_RUN_PROGRAM: "true",
        ...options.env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const kept = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      createInterface({ input: child[stream] }).on("line", (line) => {
        kept[stream] += `${line}\n`;
        if (options.show === true) surroundings.err(line);
      });
    }
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code: code ?? 1, ...kept });
    });
  });
}
