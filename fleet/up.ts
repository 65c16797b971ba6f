import { Option, type Command } from "commander";
import type { Plan } from "../plan/plan.ts";
import { inMinutes } from "./duration.ts";
import { pulumi } from "./pulumi.ts";
import { owingInWords } from "../components/owing.ts";
import { UserError, type Surroundings } from "./surroundings.ts";
import { readStatus, seconds } from "./status.ts";
import { nodesInWords, waitingFor } from "./status-text.ts";
import { chosenZones, requirePlan } from "./zones.ts";

/** One zone's result, as `--json` prints it. */
export interface ZoneResult {
  readonly zone: string;
  /** `waiting`: all is applied, and its apps do not run yet. */
  readonly state: "unchanged" | "done" | "waiting" | "failed";
  readonly changes: Changes;
  readonly seconds: number;
  readonly error?: string;
}

export interface Changes {
  readonly create: number;
  readonly update: number;
  readonly delete: number;
  readonly replace: number;
  readonly same: number;
}

/** `zones up`: the engine's update, which takes over what carries this zone's label and nothing else. */
export function upCommand(program: Command, surroundings: Surroundings, exit: (code: number) => void): void {
  program
    .command("up")
    .summary("update a zone, taking over what a dead run of it left")
    .description(
      "Runs pulumi up, then waits until the apps run. Objects that are in the cluster and carry this zone's label are taken over; any other is an error that names it.",
    )
    .argument("<zone>", "the zone to update")
    .addOption(
      new Option(
        "--wait <time>",
        "wait until the apps run, at most 90s, 30m or 1h; 0s: do not wait (default: the zone's gpu.readyTimeout, 30m)",
      ).argParser(seconds),
    )
    .option("--json", "one JSON array with the zone's result")
    .action(async (name: string, flags: { wait?: number; json?: boolean }) => {
      await chosenZones(surroundings, [name]);
      const plan = await requirePlan(surroundings, name);
      const applied = await up(surroundings, name);
      const wait = flags.wait ?? seconds(plan.zone.gpu.readyTimeout);
      const result = wait === 0 ? applied : await waited(surroundings, plan, applied, wait);
      if (flags.json === true) surroundings.out(JSON.stringify([result]));
      else surroundings.out(inWords(result));
      if (result.error !== undefined) exit(1);
    });
}

/** Waits, after an update that went well, until the apps run. */
async function waited(
  surroundings: Surroundings,
  plan: Plan,
  result: ZoneResult,
  waitSeconds: number,
): Promise<ZoneResult> {
  if (result.state === "failed") return result;
  const started = performance.now();
  const status = await readStatus(surroundings, plan, waitSeconds);
  for (const line of owingInWords(status.nodes))
    surroundings.err(`${plan.zone.name}: ${line}; ./zones rollout ${plan.zone.name}`);
  const spent = Math.round(result.seconds * 10 + (performance.now() - started) / 100) / 10;
  // What does not keep the apps from running keeps nothing waiting, and is told all the same.
  if (status.ready) for (const line of nodesInWords(status)) surroundings.err(`${plan.zone.name}: ${line}`);
  if (status.ready) return { ...result, seconds: spent };
  const error = `not ready after ${inMinutes(spent)}: ${waitingFor(status).join("; ")}`;
  return { ...result, state: "waiting", seconds: spent, error };
}

/** What every update of ours says to the engine. */
function upArguments(name: string): string[] {
  return ["up", "--yes", "--skip-preview", "--non-interactive", "--suppress-progress", "--stack", name];
}

/** Runs the update; the engine's own output goes to stderr. */
export async function up(surroundings: Surroundings, name: string): Promise<ZoneResult> {
  const started = performance.now();
  const run = await pulumi(surroundings, upArguments(name), {
    show: true,
    writes: true,
    env: { PULUMI_K8S_UPSERT_EXISTING_OBJECTS: "true" },
  });
  const changes = changesOf(run.stdout);
  const spent = Math.round((performance.now() - started) / 100) / 10;
  if (run.code !== 0)
    return {
      zone: name,
      state: "failed",
      changes,
      seconds: spent,
      error: lockHolder(run.stderr, name) ?? firstError(run),
    };
  const changed = changes.create + changes.update + changes.delete + changes.replace;
  return { zone: name, state: changed === 0 ? "unchanged" : "done", changes, seconds: spent };
}

const COUNTED: Readonly<Record<keyof Changes, RegExp>> = {
  create: /^\s*\+ (\d+) created$/m,
  update: /^\s*~ (\d+) updated$/m,
  delete: /^\s*- (\d+) deleted$/m,
  replace: /^\s*\+-(\d+) replaced$/m,
  same: /\b(\d+) unchanged$/m,
};

/** Reads the engine's summary of an update. */
export function changesOf(stdout: string): Changes {
  const count = (key: keyof Changes): number => Number(COUNTED[key].exec(stdout)?.[1] ?? 0);
  return {
    create: count("create"),
    update: count("update"),
    delete: count("delete"),
    replace: count("replace"),
    same: count("same"),
  };
}

function lockHolder(stderr: string, zone: string): string | undefined {
  return stderr.includes("the stack is currently locked")
    ? `${stderr.trim()}\nif that run is dead: ./zones cancel ${zone}, then ./zones up ${zone}`
    : undefined;
}

function firstError({ stdout, stderr }: { stdout: string; stderr: string }): string {
  const line = `${stderr}\n${stdout}`.split("\n").find((each) => /error:/i.test(each));
  return (line ?? "the engine failed; its output is above").trim();
}

function inWords({ zone, state, changes, seconds: spent, error }: ZoneResult): string {
  if (state === "failed") throw new UserError(`${zone}: failed after ${inMinutes(spent)}: ${error ?? ""}`);
  if (error !== undefined) throw new UserError(`${zone}: ${error}`);
  return changesInWords(zone, changes, spent);
}

/** `zone-1-dev: done in 13 s: 39 created, …` */
function changesInWords(zone: string, changes: Changes, spent: number): string {
  const { create, update, delete: deleted, replace, same } = changes;
  if (create + update + deleted + replace === 0)
    return `${zone}: nothing to do (${same} objects unchanged, ${inMinutes(spent)})`;
  return `${zone}: done in ${inMinutes(spent)}: ${create} created, ${update} updated, ${deleted} deleted, ${replace} replaced`;
}
