import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { suggestion } from "../plan/config/nearest.ts";
import { listZones } from "../plan/config/read.ts";
import { simEnvironment } from "../sim/environment.ts";
import { simHome } from "../sim/home.ts";
import { simDown, simStatus, simUp, withStackInit, type SimZone } from "../sim/zone.ts";
import { ensureStack } from "./ensure-stack.ts";
import { UserError, type Surroundings } from "./surroundings.ts";
import { table } from "./table.ts";
import { chosenZones, requireZone } from "./zones.ts";

/** `zones sim`: simulated zones, each a real control plane with simulated GPU nodes. */
export function simCommand(program: Command, surroundings: Surroundings): void {
  const home = simHome(surroundings.repository, surroundings.env);
  const options = { home, log: surroundings.err, signal: surroundings.signal };
  const sim = program
    .command("sim")
    .summary("simulated zones on this machine")
    .description("Simulated zones: a real Kubernetes control plane on loopback with simulated GPU nodes.");
  sim
    .command("up")
    .description("Starts simulated zones, or does nothing when they run.")
    .argument("<zone...>", "zones to start")
    .option("--without-node <name...>", "declared nodes that are not to exist")
    .action(async (names: string[], flags: { withoutNode?: string[] }) => {
      for (const name of await chosenZones(surroundings, names)) {
        await startZone(surroundings, name, flags.withoutNode ?? []);
        surroundings.err(`${name}: running; try: eval "$(./zones sim env)" && pulumi up --stack ${name}`);
      }
    });
  sim
    .command("down")
    .description("Stops simulated zones and removes all they left: cluster, state, contexts.")
    .argument("[zone...]", "zones to stop")
    .option("--all", "every simulated zone")
    .action(async (names: string[], flags: { all?: boolean }) => {
      if (names.length === 0 && flags.all !== true) throw new UserError("name zones to stop, or say --all");
      const simulated = (await simStatus(options)).map(({ name }) => name);
      const known = [...new Set([...simulated, ...(await listZones(surroundings.repository))])];
      const unknown = names.filter((name) => !known.includes(name));
      if (unknown.length > 0) {
        throw new UserError(
          unknown
            .map((name) => `wanted a simulated zone, got ${name}: ${suggestion(name, known)}`)
            .join("\n"),
        );
      }
      for (const name of names.length > 0 ? names : simulated) {
        await simDown(name, options);
        surroundings.err(`${name}: gone`);
      }
    });
  sim
    .command("status")
    .description("Lists simulated zones and whether they run.")
    .option("--json", "one JSON array of simulated zones")
    .action(async (flags: { json?: boolean }) => {
      const zones = await simStatus(options);
      surroundings.out(flags.json === true ? JSON.stringify(zones) : statusTable(zones));
    });
  sim
    .command("kubeconfig")
    .description("Prints the kubeconfig of one simulated zone.")
    .argument("<zone>", "a simulated zone")
    .action(async (name: string) => {
      const zone = (await simStatus(options)).find((each) => each.name === name);
      if (zone === undefined)
        throw new UserError(`wanted a simulated zone, got ${name}; start it: ./zones sim up ${name}`);
      surroundings.out((await readFile(zone.kubeconfig, "utf8")).trimEnd());
    });
  sim
    .command("env")
    .description('Prints the environment of the simulated zones for eval "$(./zones sim env)".')
    .option("--json", "one JSON object")
    .action(async (flags: { json?: boolean }) => {
      const env = await simEnvironment(options);
      const shell = Object.entries(env).map(
        ([name, value]) => `export ${name}='${value.replaceAll("'", String.raw`'\''`)}'`,
      );
      surroundings.out(flags.json === true ? JSON.stringify(env) : shell.join("\n"));
    });
}

/** Starts a simulated zone with an empty stack of its name, so that plain `pulumi up --stack` works on it. */
export async function startZone(
  surroundings: Surroundings,
  name: string,
  absentNodes: readonly string[] = [],
): Promise<SimZone> {
  const home = simHome(surroundings.repository, surroundings.env);
  const options = { home, log: surroundings.err, signal: surroundings.signal };
  const zone = await requireZone(surroundings, name);
  const started = await simUp(zone, {
    repository: surroundings.repository,
    ...options,
    absentNodes,
  });
  const env = { ...surroundings.env, ...(await simEnvironment(options)) };
  await withStackInit(name, options, () => ensureStack({ ...surroundings, env }, name));
  return started;
}

function statusTable(zones: readonly SimZone[]): string {
  if (zones.length === 0) return "no simulated zones; start one: ./zones sim up zone-1-dev";
  return table(
    ["ZONE", "STATE", "SERVER", "NODES", "SINCE", "UID"],
    zones.map((zone) => [
      zone.name,
      zone.state,
      zone.server,
      zone.nodes.join(" "),
      zone.startedAt,
      zone.uid ?? "",
    ]),
  );
}
