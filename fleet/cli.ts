import { Command } from "commander";
import { simEnvironment } from "../sim/environment.ts";
import { simHome } from "../sim/home.ts";
import { cancelCommand } from "./cancel.ts";
import { checkCommand } from "./check.ts";
import { imagesCommand } from "./images.ts";
import { listCommand } from "./list.ts";
import { pinCommand } from "./pin.ts";
import { preflightCommand } from "./preflight.ts";
import { renderCommand } from "./render.ts";
import { rolloutCommand } from "./rollout.ts";
import { tellInterruptedRollout } from "./rollout-interrupted.ts";
import { simCommand } from "./sim.ts";
import { startCommand } from "./start.ts";
import { statusCommand } from "./status.ts";
import type { Surroundings } from "./surroundings.ts";
import { toolsCommand } from "./tools.ts";
import { upCommand } from "./up.ts";

/** Runs one `zones` command line and gives its exit status. Touches no global of the process. */
export async function runZones(argv: readonly string[], outside: Surroundings): Promise<number> {
  let code = 0;
  const exit = (wanted: number): void => {
    code = wanted;
  };
  // Commands keep this object; `--sim` changes what is in it before the command runs.
  const surroundings = { ...outside };
  let running: Command | undefined;
  const program = new Command("zones")
    .description("GPU clusters (zones): what runs there, what is wrong with it, and bringing it up.")
    .option("--sim", 'work on the simulated zones, as after eval "$(./zones sim env)"')
    .configureOutput({
      writeOut: (text) => {
        outside.out(text.trimEnd());
      },
      writeErr: (text) => {
        outside.err(text.trimEnd());
      },
    })
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText(
      "after",
      "\nExit status: 0 done, 1 failed, 2 `check` found errors, 130 interrupted (143: SIGTERM).",
    )
    .hook("preAction", async (_program, command) => {
      running = command;
      if (program.opts<{ sim?: boolean }>().sim !== true) return;
      const home = simHome(surroundings.repository, surroundings.env);
      const env = await simEnvironment({ home, log: surroundings.err, signal: surroundings.signal });
      surroundings.env = { ...surroundings.env, ...env };
    });
  startCommand(program, surroundings);
  listCommand(program, surroundings);
  renderCommand(program, surroundings);
  checkCommand(program, surroundings, exit);
  imagesCommand(program, surroundings);
  preflightCommand(program, surroundings, exit);
  upCommand(program, surroundings, exit);
  statusCommand(program, surroundings, exit);
  rolloutCommand(program, surroundings, exit);
  cancelCommand(program, surroundings);
  pinCommand(program, surroundings);
  simCommand(program, surroundings);
  toolsCommand(program, surroundings);
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    // commander has printed its message; help and version end with 0.
    if (isCommanderExit(error)) return error.exitCode;
    const [zone] = running?.args ?? [];
    if (outside.signal.aborted && running?.name() === "rollout" && zone !== undefined)
      await tellInterruptedRollout(surroundings, zone);
    throw error;
  }
  return code;
}

function isCommanderExit(error: unknown): error is { exitCode: number } {
  return (
    error instanceof Error &&
    "exitCode" in error &&
    "code" in error &&
    String(error.code).startsWith("commander.")
  );
}
