import { cp, mkdtemp, readdir, realpath, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";

const APPS = 20;
/** Not the program: what is installed, and what runs leave behind. */
const LEFT_OUT = new Set([".git", ".sim", ".cache", ".ci", "node_modules", "tests", "docs"]);

/** A copy of the repository with one zone more, which has every operand and 20 apps. */
export interface FullZone {
  readonly folder: string;
  readonly zone: string;
  readonly apps: number;
}

/** Writes the copy into a new temporary folder, which the caller removes. */
export async function writeFullZone(repository: string): Promise<FullZone> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "gpu-zones-bench-")));
  for (const name of await readdir(repository)) {
    if (!LEFT_OUT.has(name)) await cp(join(repository, name), join(folder, name), { recursive: true });
  }
  await symlink(join(repository, "node_modules"), join(folder, "node_modules"));
  // Older than what is installed: the launcher would install anew, through the link.
  await utimes(join(folder, "package-lock.json"), 0, 0);
  const apps = Array.from({ length: APPS }, (_, index) => `app-${index}`);
  for (const app of apps) {
    await cp(join(repository, "apps", "scam-detector"), join(folder, "apps", app), { recursive: true });
  }
  const zone = "zone-7-dev";
  await writeFile(join(folder, `Pulumi.${zone}.yaml`), stringify({ config: config(apps) }));
  return { folder, zone, apps: APPS };
}

/** MIG and MPS and time-slicing, so that no operand stays away. */
function config(apps: readonly string[]): unknown {
  return {
    "gpu-zones:extends": ["dev"],
    "gpu-zones:nodePools": {
      a100: { hardware: "a100x8", nodes: ["gpu-1", "gpu-2"], mig: "all-1g.5gb" },
      t4: { hardware: "t4x1", nodes: ["gpu-3"], sharing: { timeSlicing: 4 } },
      mps: { hardware: "t4x1", nodes: ["gpu-4"], sharing: { mps: 4 } },
    },
    "gpu-zones:apps": Object.fromEntries(
      apps.map((app) => [app, { replicas: 2, gpu: { mig: "1g.5gb" }, env: { MODE: "fast" } }]),
    ),
  };
}
