import type { Command } from "commander";
import { pulumi } from "./pulumi.ts";
import { UserError, type Surroundings } from "./surroundings.ts";
import { requireZone, chosenZones } from "./zones.ts";

/** One zone's result; the shape is fixed (docs/design: `preview`, `up`, `drift`). */
export interface ZoneResult {
  readonly zone: string;
  readonly state: "unchanged" | "changes" | "done" | "failed";
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
      "Runs pulumi up. Objects that are in the cluster and carry this zone's label are taken over; any other is an error that names it.",
    )
    .argument("<zone>", "the zone to update")
    .option("--json", "one JSON array with the zone's result")
    .action(async (name: string, flags: { json?: boolean }) => {
      await chosenZones(surroundings, [name]);
      await requireZone(surroundings, name);
      const result = await up(surroundings, name);
      if (flags.json === true) surroundings.out(JSON.stringify([result]));
      else surroundings.out(inWords(result));
      if (result.state === "failed") exit(1);
    });
}

/** What every update of ours says to the engine. */
export function upArguments(name: string): string[] {
  return ["up", "--yes", "--skip-preview", "--non-interactive", "--suppress-progress", "--stack", name];
}

/** Runs the update; the engine's own output goes to stderr. */
export async function up(surroundings: Surroundings, name: string): Promise<ZoneResult> {
  const started = performance.now();
  const run = await pulumi(surroundings, upArguments(name), {
    show: true,
    env: { PULUMI_K8S_UPSERT_EXISTING_OBJECTS: "true" },
  });
  const changes = changesOf(run.stdout);
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  if (run.code !== 0)
    return {
      zone: name,
      state: "failed",
      changes,
      seconds,
      error: lockHolder(run.stderr, name) ?? firstError(run),
    };
  const changed = changes.create + changes.update + changes.delete + changes.replace;
  return { zone: name, state: changed === 0 ? "unchanged" : "done", changes, seconds };
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

function inWords({ zone, state, changes, seconds, error }: ZoneResult): string {
  if (error !== undefined) throw new UserError(`${zone}: failed after ${seconds} s: ${error}`);
  if (state === "unchanged")
    return `${zone}: nothing to do (${changes.same} objects unchanged, ${seconds} s)`;
  const { create, update, delete: deleted, replace } = changes;
  return `${zone}: done in ${seconds} s: ${create} created, ${update} updated, ${deleted} deleted, ${replace} replaced`;
}
