import { access } from "node:fs/promises";
import { join } from "node:path";
import { FileBackend } from "./file-backend.ts";
import { pulumi } from "./pulumi.ts";
import { UserError, type Surroundings } from "./surroundings.ts";

/** Creates the zone's stack in the backend when there is none; never changes which stack is current. */
export async function ensureStack(surroundings: Surroundings, name: string): Promise<void> {
  if (await inFileBackend(surroundings, name)) return;
  const run = await pulumi(surroundings, ["stack", "init", name, "--no-select", "--non-interactive"]);
  if (run.code !== 0 && !run.stderr.includes("already exists")) {
    throw new UserError(`the stack ${name} could not be created: ${run.stderr.trim()}`);
  }
}

/** Looking at the file spares half a second of engine start. */
async function inFileBackend(surroundings: Surroundings, name: string): Promise<boolean> {
  const stacks = FileBackend.of(surroundings)?.stacks;
  if (stacks === undefined) return false;
  const found = await Promise.allSettled([
    access(join(stacks, `${name}.json`)),
    access(join(stacks, `${name}.json.gz`)),
  ]);
  return found.some(({ status }) => status === "fulfilled");
}
