import type { Command } from "commander";
import { dropPendingCreates } from "./pending-creates.ts";
import { pulumi } from "./pulumi.ts";
import { stackLocks } from "./stack-lock.ts";
import { UserError, type Surroundings } from "./surroundings.ts";
import { chosenZones } from "./zones.ts";

/** `zones cancel`: clears what a dead run left on a stack. */
export function cancelCommand(program: Command, surroundings: Surroundings): void {
  program
    .command("cancel")
    .summary("clear the lock that a dead run left on a zone")
    .description(
      "Clears the zone's lock, and the creations that the dead run began and did not record; the state before is kept in a file. Refuses while the run that holds the lock is alive on this machine.",
    )
    .argument("<zone>", "the locked zone")
    .action(async (name: string) => {
      await chosenZones(surroundings, [name]);
      await cancel(surroundings, name);
      surroundings.out(`${name}: no lock any more; next: ./zones up ${name}`);
    });
}

/** Clears lock and pending creations of a dead run. @throws UserError while the run is alive */
export async function cancel(surroundings: Surroundings, name: string): Promise<void> {
  for (const { holder, alive } of await stackLocks(surroundings, name)) {
    if (alive) {
      throw new UserError(
        `${name}: the run that holds the lock is alive: ${holder}; wait for it, or end it with Ctrl-C`,
      );
    }
    surroundings.err(`${name}: held by ${holder}`);
  }
  const run = await pulumi(surroundings, ["cancel", "--yes", "--stack", name]);
  if (run.code !== 0) throw new UserError(`${name}: ${run.stderr.trim()}`);
  const dropped = await dropPendingCreates(surroundings, name);
  if (dropped === undefined) return;
  surroundings.err(
    [
      `${name}: the dead run did not record whether it created these; zones up takes them over or creates them:`,
      ...dropped.names.map((each) => `  ${each}`),
      `the state as it was: ${dropped.backup}`,
    ].join("\n"),
  );
}
