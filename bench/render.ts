import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments, stringify } from "yaml";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { loadZone } from "../plan/config/load.ts";
import type { Zone } from "../plan/config/zone.ts";
import { resolveGpuRequests } from "../plan/gpu/request.ts";
import { renderZone } from "../plan/render/render.ts";
import { alternate, inProcess, type Sample } from "./measure.ts";
import type { Row } from "./report.ts";

const APPS = 20;

/** Rendering a zone of 20 apps against plain `kustomize build` of a hand-written root with the same changes. */
export async function renderRows(repository: string, kustomize: string, runs: number): Promise<Row[]> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "gpu-zones-bench-")));
  try {
    await writeTree(repository, folder);
    const { zone, problems } = await loadZone(folder, "bench");
    if (zone === undefined) throw new Error(JSON.stringify(problems));
    const gpu = resolveGpuRequests(zone).targets;
    const render = async (cacheDirectory: string | undefined): Promise<Sample> =>
      inProcess(async () => {
        const { problems: found } = await renderZone(zone, {
          repository: folder,
          kustomize,
          gpu,
          ...(cacheDirectory === undefined ? {} : { cacheDirectory }),
        });
        if (found.length > 0) throw new Error(JSON.stringify(found));
      });
    const plain = (): Promise<Sample> =>
      inProcess(async () => {
        const { stdout } = await promisify(execFile)(kustomize, ["build", join(folder, "root")], {
          maxBuffer: 2 ** 26,
        });
        parseAllDocuments(stdout).forEach((document) => document.toJS() as unknown);
      });
    const rows: Row[] = [];
    const add = async (what: string, ours: () => Promise<Sample>, target?: number): Promise<void> => {
      const [a, b] = await alternate(runs, ours, plain);
      rows.push({
        what,
        peer: "`kustomize build` of the same, written by hand",
        ours: a,
        theirs: b,
        ...(target === undefined ? {} : { target }),
      });
    };
    const cache = join(folder, "cache");
    await add(
      `render ${APPS} apps, one value of the zone changed`,
      () => withChange(zone, folder, kustomize, cache),
      1.2,
    );
    await add(`render ${APPS} apps, nothing cached`, () => render(undefined), 1.2);
    await add(`render ${APPS} apps, nothing changed`, () => render(cache));
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

let change = 0;

/** What an edit of the stack file costs: the apps' own builds are cached, the zone's overlay is not. */
function withChange(
  zone: Zone,
  repository: string,
  kustomize: string,
  cacheDirectory: string,
): Promise<Sample> {
  change += 1;
  const [first = ""] = Object.keys(zone.apps);
  const app = zone.apps[first];
  if (app === undefined) throw new Error("a bench zone without apps");
  const changed: Zone = { ...zone, apps: { ...zone.apps, [first]: { ...app, replicas: 10 + change } } };
  const gpu = resolveGpuRequests(changed).targets;
  return inProcess(async () => {
    await renderZone(changed, { repository, kustomize, gpu, cacheDirectory });
  });
}

/** Twenty copies of a shipped app, a zone that changes each, and the root a person would write for the same. */
async function writeTree(repository: string, folder: string): Promise<void> {
  const apps = Array.from({ length: APPS }, (_, index) => `app-${index}`);
  for (const app of apps) {
    await cp(join(repository, "apps", "scam-detector"), join(folder, "apps", app), { recursive: true });
    await mkdir(join(folder, "root", app), { recursive: true });
    await writeFile(join(folder, "root", app, "kustomization.yaml"), stringify(handWritten(app)));
  }
  await writeFile(join(folder, "root", "kustomization.yaml"), stringify({ resources: apps }));
  await cp(join(repository, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
  await mkdir(join(folder, "layers"));
  await writeFile(join(folder, "layers", "fleet.yaml"), "");
  const config = {
    "gpu-zones:nodePools": { t4: { product: "Tesla-T4", gpusPerNode: 1, os: "ubuntu22.04", nodes: ["n1"] } },
    "gpu-zones:apps": Object.fromEntries(
      apps.map((app) => [
        app,
        { overlay: "bumble", replicas: 2, gpu: { model: "Tesla-T4", count: 1 }, env: { MODE: "fast" } },
      ]),
    ),
  };
  await writeFile(join(folder, "Pulumi.bench.yaml"), stringify({ config }));
}

function handWritten(app: string): unknown {
  const container = {
    name: "scam",
    resources: { limits: { "nvidia.com/gpu": 1 } },
    env: [{ name: "MODE", value: "fast" }],
  };
  const spec = {
    strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
    template: { spec: { nodeSelector: { "nvidia.com/gpu.product": "Tesla-T4" }, containers: [container] } },
  };
  const patch = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "scam-detector" }, spec };
  return {
    resources: [`../../apps/${app}/bumble`],
    namespace: app,
    labels: [
      {
        pairs: { "app.kubernetes.io/managed-by": "hand", "gpu-zones.dev/owner": app },
        includeSelectors: false,
      },
    ],
    replicas: [{ name: "scam-detector", count: 2 }],
    patches: [{ patch: stringify(patch) }],
  };
}
