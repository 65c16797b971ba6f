import type { Command } from "commander";
import pc from "picocolors";
import { simEnvironment } from "../sim/environment.ts";
import { simHome } from "../sim/home.ts";
import { pulumi } from "./pulumi.ts";
import { startZone } from "./sim.ts";
import { readStatus } from "./status.ts";
import { statusText, waitingFor } from "./status-text.ts";
import { UserError, type Surroundings } from "./surroundings.ts";
import { changesOf, upArguments } from "./up.ts";
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
      await startZone(surroundings, name);
      const home = simHome(surroundings.repository, surroundings.env);
      const env = { ...surroundings.env, ...(await simEnvironment({ home, log: surroundings.err })) };
      await bringUp({ ...surroundings, env }, name, started);
    });
}

async function bringUp(surroundings: Surroundings, name: string, started: number): Promise<void> {
  const plan = await requirePlan(surroundings, name);
  surroundings.err(pc.bold(`pulumi up --stack ${name}`));
  const run = await pulumi(surroundings, upArguments(name), { show: true });
  if (run.code !== 0) throw new UserError(`${name}: pulumi up failed; its output is above`);
  const { create, update, delete: deleted, replace, same } = changesOf(run.stdout);
  const status = await readStatus(surroundings, plan, READY_SECONDS);
  const seconds = Math.round((performance.now() - started) / 1000);
  surroundings.out(`\n${statusText(status)}\n`);
  if (!status.ready)
    throw new UserError(`${name}: not ready after ${seconds} s: ${waitingFor(status).join("; ")}`);
  const changed = create + update + deleted + replace;
  surroundings.out(
    changed === 0
      ? `${name}: nothing to do (${same} objects unchanged, ${seconds} s)`
      : `${name} is up: ${create} created, ${update} updated, ${deleted} deleted, ${replace} replaced in ${seconds} s`,
  );
  surroundings.out(nextSteps(name));
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
