import { spawnSync } from "node:child_process";
import { rm } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { simEnvironment } from "../sim/environment.ts";
import { simHome } from "../sim/home.ts";
import { findTools } from "../tools/find.ts";
import { writeFullZone } from "./full-zone.ts";
import { previewRows } from "./preview.ts";
import { renderRows } from "./render.ts";
import { markdown, type Row } from "./report.ts";

const RUNS = 5;
const repository = join(import.meta.dirname, "..");
const log = (line: string): void => void process.stderr.write(`${line}\n`);

const tools = await findTools(["pulumi", "kustomize"], { log });
const render = await renderRows(repository, tools.kustomize.path, RUNS);

const full = await writeFullZone(repository);
const launcher = join(full.folder, "zones");
const home = join(full.folder, ".sim");
const env = { ...process.env, GPU_ZONES_SIM_HOME: home };
let preview: Row[];
try {
  // The zone must run and hold its plan: a preview of anything else measures something else.
  const started = spawnSync(launcher, ["start", full.zone], { env, stdio: ["ignore", "ignore", "inherit"] });
  if (started.status !== 0) throw new Error(`${full.zone} did not come up`);
  preview = await previewRows({
    repository: full.folder,
    zone: full.zone,
    what: `a zone of every operand and ${full.apps} apps`,
    kustomize: tools.kustomize.path,
    pulumi: tools.pulumi.path,
    env: { ...env, ...(await simEnvironment({ home: simHome(full.folder, env), log })), NO_COLOR: "1" },
    runs: RUNS,
  });
} finally {
  spawnSync(launcher, ["sim", "down", "--all"], { env, stdio: "ignore" });
  await rm(full.folder, { recursive: true, force: true });
}

process.stdout.write(
  `${markdown([...preview, ...render])}\n\nMedians of ${RUNS} alternating runs; ${cpus().length} cores, ${cpus()[0]?.model ?? "unknown processor"}, Node ${process.versions.node}.\n`,
);
