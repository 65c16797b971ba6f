import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { join } from "node:path";
import { simEnvironment } from "../sim/environment.ts";
import { simHome } from "../sim/home.ts";
import { findTools } from "../tools/find.ts";
import { previewRows } from "./preview.ts";
import { renderRows } from "./render.ts";
import { markdown } from "./report.ts";

const RUNS = 5;
const repository = join(import.meta.dirname, "..");
const log = (line: string): void => void process.stderr.write(`${line}\n`);

const tools = await findTools(["pulumi", "kustomize"], { log });
const render = await renderRows(repository, tools.kustomize.path, RUNS);

// The zone must run and hold its plan: a preview of anything else measures something else.
const started = spawnSync(join(repository, "zones"), ["start", "zone-1-dev"], {
  stdio: ["ignore", "ignore", "inherit"],
});
if (started.status !== 0) throw new Error("zone-1-dev did not come up");
const home = simHome(repository, process.env);
const env = { ...process.env, ...(await simEnvironment({ home, log })), NO_COLOR: "1" };
const preview = await previewRows({
  repository,
  kustomize: tools.kustomize.path,
  pulumi: tools.pulumi.path,
  env,
  runs: RUNS,
});

process.stdout.write(
  `${markdown([...preview, ...render])}\n\nMedians of ${RUNS} alternating runs; ${cpus().length} cores, ${cpus()[0]?.model ?? "unknown processor"}, Node ${process.versions.node}.\n`,
);
