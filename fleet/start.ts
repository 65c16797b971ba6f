import type { Command } from "commander";
import pc from "picocolors";
import { simEnvironment } from "../sim/environment.ts";
import { simHome } from "../sim/home.ts";
import { findTools } from "../tools/find.ts";
import { TOOL_NAMES } from "../tools/tool.ts";
import { cancel } from "./cancel.ts";
import { inMinutes } from "./duration.ts";
import { startZone } from "./sim.ts";
import { readStatus } from "./status.ts";
import { statusText, waitingFor } from "./status-text.ts";
import { stackLocks } from "./stack-lock.ts";
import { toolSearch, UserError, type Surroundings } from "./surroundings.ts";
import { up } from "./up.ts";
import { chosenZones, requirePlan } from "./zones.ts";

const READY_SECONDS = 300;

/** `npm start`: a simulated zone comes up, end to end, by the real engine. */
export function startCommand(program: Command, surroundings: Surroundings): void {
  program
    .command("start")
    .summary("bring a simulated zone up, end to end (npm start)")
    .description(
      "Gets the tools, starts a simulated zone, runs pulumi up on it, waits for its apps and shows them.",
    )
    .argument("[zone]", "the zone", "zone-1-dev")
    .action(async (name: string) => {
      await chosenZones(surroundings, [name]);
      const started = performance.now();
      // All of them before anything is created: a tool that cannot be had leaves nothing behind.
      await findTools(TOOL_NAMES, toolSearch(surroundings));
      await startZone(surroundings, name);
      const home = simHome(surroundings.repository, surroundings.env);
      const { err: log, signal } = surroundings;
      const env = { ...surroundings.env, ...(await simEnvironment({ home, log, signal })) };
      await bringUp({ ...surroundings, env }, name, started);
    });
}

async function bringUp(surroundings: Surroundings, name: string, started: number): Promise<void> {
  const plan = await requirePlan(surroundings, name);
  surroundings.signal.throwIfAborted();
  await clearDeadRun(surroundings, name);
  surroundings.err(pc.bold(`pulumi up --stack ${name}`));
  const { state, changes, error } = await up(surroundings, name);
  surroundings.signal.throwIfAborted();
  if (state === "failed") throw new UserError(`${name}: pulumi up failed: ${error ?? ""}\n${wayOut(name)}`);
  const status = await readStatus(surroundings, plan, READY_SECONDS);
  const seconds = (performance.now() - started) / 1000;
  surroundings.out(`\n${statusText(status)}\n`);
  if (!status.ready) {
    const waiting = waitingFor(status).join("; ");
    throw new UserError(`${name}: not ready after ${inMinutes(Math.round(seconds))}: ${waiting}`);
  }
  const { create, update, delete: deleted, replace, same } = changes;
  const time = inMinutes(Math.round(seconds));
  surroundings.out(
    create + update + deleted + replace === 0
      ? `${name}: nothing to do (${same} objects unchanged, ${time})`
      : `${name} is up: ${create} created, ${update} updated, ${deleted} deleted, ${replace} replaced in ${time}`,
  );
  surroundings.out(nextSteps(name));
}

/** A run of this command that was killed leaves the simulated zone's stack locked; nobody else works on it. */
async function clearDeadRun(surroundings: Surroundings, name: string): Promise<void> {
  const locks = await stackLocks(surroundings, name);
  if (locks.length > 0) await cancel(surroundings, name);
}

function wayOut(name: string): string {
  return `if a run died before: ./zones --sim cancel ${name}, then ./zones --sim up ${name}`;
}

function nextSteps(name: string): string {
  const steps: [string, string][] = [
    ['eval "$(./zones sim env)"', "in this shell, pulumi and kubectl work on the simulated zone"],
    [`pulumi preview --stack ${name}`, `after an edit of Pulumi.${name}.yaml: what it would change`],
    [`kubectl --context ${name} get pods -A -o wide`, "what runs where"],
    ["./zones list", "what runs in every zone, from files alone"],
    [`./zones sim down ${name}`, "take it all away again"],
  ];
  const width = Math.max(...steps.map(([command]) => command.length));
  return `\nTry next:\n${steps.map(([command, what]) => `  ${pc.cyan(command.padEnd(width))}  ${pc.dim(what)}`).join("\n")}`;
}
