import type { Command } from "commander";
import pc from "picocolors";
import { formatProblem, hasErrors } from "../plan/config/problem.ts";
import type { Surroundings } from "./surroundings.ts";
import { chosenZones, plan } from "./zones.ts";

/** Exit status of `check` with errors. */
const FOUND_ERRORS = 2;

/** `zones check`: every finding of every zone, from files alone. */
export function checkCommand(
  program: Command,
  surroundings: Surroundings,
  exit: (code: number) => void,
): void {
  program
    .command("check")
    .summary("find what is wrong with zones, from files alone")
    .description("Prints every finding; exits 2 when one is an error. Asks no cluster and no engine.")
    .argument("[zone...]", "zones to check (default: all)")
    .option("--json", "one JSON array of findings")
    .action(async (names: string[], flags: { json?: boolean }) => {
      const zones = await chosenZones(surroundings, names);
      const found = [];
      for (const name of zones) found.push(...(await plan(surroundings, name)).problems);
      if (flags.json === true) surroundings.out(JSON.stringify(found));
      else {
        for (const problem of found) surroundings.out(`${problem.zone}: ${formatProblem(problem)}`);
        const errors = found.filter(({ severity }) => severity === "error").length;
        const verdict = `${many(zones.length, "zone")} checked: ${many(errors, "error")}, ${many(found.length - errors, "warning")}`;
        surroundings.err(errors > 0 ? pc.red(verdict) : pc.green(verdict));
      }
      if (hasErrors(found)) exit(FOUND_ERRORS);
    });
}

function many(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
