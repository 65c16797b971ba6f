import { parse } from "yaml";
import { z } from "zod";
import { enablesMig, migBoard, standardLayout, standardLayoutNames } from "../../plan/gpu/mig.ts";
import type { Board, BoardMig } from "../annotations.ts";
import { allBoards } from "./mig-state.ts";

/** Why the MIG manager cannot cut the boards as it is told. */
export class MigLayoutError extends Error {
  override readonly name = "MigLayoutError";
}

// A filter names device ids, of which the simulated boards have none: every filter takes them.
const entry = z.object({
  devices: z.union([z.literal("all"), z.array(z.int())]),
  "mig-enabled": z.boolean(),
  "mig-devices": z.record(z.string(), z.int()).optional(),
});
const file = z.object({ version: z.literal("v1"), "mig-configs": z.record(z.string(), z.array(entry)) });

/**
 * The boards as the layout of that name cuts them.
 * @param custom mig-parted's config file; undefined: the manager makes the standard layouts from the hardware
 * @throws MigLayoutError
 */
export function cutBoards(
  board: Board,
  now: readonly BoardMig[],
  name: string,
  custom: string | undefined,
): readonly BoardMig[] {
  if (custom === undefined) {
    const layout = standardLayout(board.product, name);
    if (layout !== undefined) return allBoards(board, { enabled: enablesMig(name), layout });
    const known = standardLayoutNames(board.product).join(", ");
    throw new MigLayoutError(`${board.product} has no layout ${name} (it has ${known})`);
  }
  const layouts = readFile(custom);
  const entries = layouts[name];
  if (entries === undefined)
    throw new MigLayoutError(`mig-configs has no ${name} (it has ${Object.keys(layouts).join(", ")})`);
  return now.map((before, index) => {
    const own = entries.findLast(({ devices }) => devices === "all" || devices.includes(index));
    if (own === undefined) return before;
    if (!own["mig-enabled"]) return { enabled: false, layout: {} };
    const layout = own["mig-devices"];
    if (layout === undefined) throw new MigLayoutError(`${name}: mig-devices is missing`);
    requireRoom(board.product, layout);
    return { enabled: true, layout };
  });
}

function readFile(text: string): z.infer<typeof file>["mig-configs"] {
  try {
    return file.parse(parse(text))["mig-configs"];
  } catch (error) {
    const problem = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new MigLayoutError(`the config file is not valid: ${problem}`);
  }
}

/** Room by slices: whether the placements fit beside each other is not looked at. */
function requireRoom(product: string, layout: Readonly<Record<string, number>>): void {
  const board = migBoard(product);
  let [slices, memory] = [0, 0];
  for (const [name, count] of Object.entries(layout)) {
    const profile = board?.profiles.find((each) => each.profile === name);
    if (profile === undefined) throw new MigLayoutError(`${product} has no profile ${name}`);
    slices += count * profile.slices;
    memory += count * profile.memorySlices;
  }
  const most = board?.maxInstances ?? 0;
  if (slices > most || memory > (most === 7 ? 8 : most))
    throw new MigLayoutError(`${product} has no room for ${JSON.stringify(layout)}`);
}
