import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { FileBackend } from "./file-backend.ts";
import { pulumi } from "./pulumi.ts";
import { UserError, type Surroundings } from "./surroundings.ts";

/** A stack's state as `pulumi stack export` writes it, as far as it is read here. */
export interface ExportedState {
  readonly deployment?: {
    readonly pending_operations?: readonly {
      readonly type: string;
      readonly resource: { readonly urn: string };
    }[];
  };
}

/** What was dropped, and where the state lies as it was before. */
export interface DroppedCreates {
  /** Logical names of the resources. */
  readonly names: readonly string[];
  readonly backup: string;
}

/**
 * Drops creations that a dead run began and never recorded: the engine keeps them for ever, and warns in every run.
 * What they created is taken over by the next `zones up`, what they did not is created then.
 * @returns undefined when there are none; the state is not written then
 */
export async function dropPendingCreates(
  surroundings: Surroundings,
  name: string,
): Promise<DroppedCreates | undefined> {
  const exported = await pulumi(surroundings, ["stack", "export", "--stack", name]);
  if (exported.code !== 0) throw new UserError(`${name}: ${exported.stderr.trim()}`);
  const { state, names } = withoutPendingCreates(JSON.parse(exported.stdout) as ExportedState);
  if (names.length === 0) return undefined;
  const backup = backupPlace(surroundings, name);
  await mkdir(dirname(backup), { recursive: true });
  await writeFileAtomic(backup, exported.stdout, { mode: 0o600 });
  const scratch = await mkdtemp(join(tmpdir(), "gpu-zones-state-"));
  try {
    const file = join(scratch, "state.json");
    await writeFileAtomic(file, JSON.stringify(state), { mode: 0o600 });
    const imported = await pulumi(surroundings, ["stack", "import", "--stack", name, "--file", file]);
    if (imported.code !== 0) {
      throw new UserError(
        `${name}: the state was not changed (it is kept in ${backup}): ${imported.stderr.trim()}`,
      );
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return { names, backup };
}

/** The state without operations of type `creating`, and the logical names of their resources. */
export function withoutPendingCreates(state: ExportedState): {
  readonly state: ExportedState;
  readonly names: readonly string[];
} {
  const pending = state.deployment?.pending_operations ?? [];
  const names = pending
    .filter(({ type }) => type === "creating")
    .map(({ resource: { urn } }) => urn.slice(urn.lastIndexOf("::") + 2));
  if (names.length === 0) return { state, names };
  const left = pending.filter(({ type }) => type !== "creating");
  return { state: { ...state, deployment: { ...state.deployment, pending_operations: left } }, names };
}

/** Beside the state where that is a file; `sim down` takes it away with it. */
function backupPlace(surroundings: Surroundings, name: string): string {
  const folder = FileBackend.of(surroundings)?.stacks ?? join(surroundings.repository, ".cache", "states");
  return join(folder, `${name}.json.${new Date().toISOString().replaceAll(":", "")}.before-cancel`);
}
