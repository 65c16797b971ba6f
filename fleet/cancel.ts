import { readdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { pulumi } from "./pulumi.ts";
import { UserError, type Surroundings } from "./surroundings.ts";
import { chosenZones } from "./zones.ts";

/** Who holds a stack's lock, as the engine writes it. */
interface Lock {
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  readonly timestamp: string;
}

/** `zones cancel`: clears the lock of a dead run. */
export function cancelCommand(program: Command, surroundings: Surroundings): void {
  program
    .command("cancel")
    .summary("clear the lock that a dead run left on a zone")
    .description("Clears the zone's lock. Refuses while the run that holds it is alive on this machine.")
    .argument("<zone>", "the locked zone")
    .action(async (name: string) => {
      await chosenZones(surroundings, [name]);
      for (const lock of await locksOf(surroundings, name)) {
        const holder = `${lock.username}@${lock.hostname} (pid ${lock.pid}) since ${lock.timestamp}`;
        if (lock.hostname === hostname() && isAlive(lock.pid)) {
          throw new UserError(
            `${name}: the run that holds the lock is alive: ${holder}; wait for it, or end it with Ctrl-C`,
          );
        }
        surroundings.err(`${name}: held by ${holder}`);
      }
      const run = await pulumi(surroundings, ["cancel", "--yes", "--stack", name]);
      if (run.code !== 0) throw new UserError(`${name}: ${run.stderr.trim()}`);
      surroundings.out(`${name}: no lock any more; next: ./zones up ${name}`);
    });
}

/** The locks of a stack in a file backend; other backends are asked by the engine itself. */
async function locksOf({ env }: Surroundings, name: string): Promise<Lock[]> {
  const url = env["PULUMI_BACKEND_URL"] ?? "";
  if (!url.startsWith("file:///")) return [];
  const folder = join(fileURLToPath(url), ".pulumi", "locks", "organization", "gpu-zones", name);
  const files = await readdir(folder).catch(() => []);
  return Promise.all(
    files.map(async (file) => JSON.parse(await readFile(join(folder, file), "utf8")) as Lock),
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
