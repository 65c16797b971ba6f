import type { Command } from "commander";
import { findTools } from "../tools/find.ts";
import { TOOL_NAMES, type ToolName } from "../tools/tool.ts";
import { suggestion } from "../plan/config/nearest.ts";
import { UserError, type Surroundings } from "./surroundings.ts";
import { table } from "./table.ts";

/** `zones tools`: paths and versions, and where each came from; gets what is missing. */
export function toolsCommand(program: Command, surroundings: Surroundings): void {
  program
    .command("tools")
    .summary("paths and versions of the tools, and where each came from")
    .description(
      "Lists pulumi, kubectl, kustomize, the simulated zones' binaries and promtool. What is missing is downloaded or built.",
    )
    .argument("[name]", "one tool (default: all)")
    .option("--json", "one JSON array of tools")
    .action(async (name: string | undefined, flags: { json?: boolean }) => {
      const names = name === undefined ? TOOL_NAMES : [toolName(name)];
      const tools = Object.values(
        await findTools(names, { log: surroundings.err, signal: surroundings.signal }),
      );
      surroundings.out(
        flags.json === true
          ? JSON.stringify(tools)
          : table(
              ["TOOL", "VERSION", "FROM", "PATH"],
              tools.map((tool) => [tool.name, tool.version, tool.origin, tool.path]),
            ),
      );
    });
}

function toolName(name: string): ToolName {
  const known = TOOL_NAMES.find((each) => each === name);
  if (known === undefined) throw new UserError(`wanted a tool, got ${name}: ${suggestion(name, TOOL_NAMES)}`);
  return known;
}
