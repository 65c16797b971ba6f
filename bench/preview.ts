import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadZone } from "../plan/config/load.ts";
import { planZone } from "../plan/plan.ts";
import { alternate, timed, type Sample } from "./measure.ts";
import type { Row } from "./report.ts";

const ENGINE = ["--non-interactive", "--suppress-progress"];

/** Measured once with the official provider on a machine of two cores: 60 ConfigMaps (first up, preview, up). */
const OFFICIAL: Readonly<Record<string, number>> = { "first up": 3.7, "no-op preview": 2.4, "no-op up": 2.5 };

export interface PreviewOptions {
  /** Where the program and the zone's file are. */
  readonly repository: string;
  readonly zone: string;
  /** What the zone is, in the table's words. */
  readonly what: string;
  readonly kustomize: string;
  readonly pulumi: string;
  /** Environment of the simulated zones; the zone runs and is up to date. */
  readonly env: NodeJS.ProcessEnv;
  readonly runs: number;
}

/** A zone's no-op preview against a bare program of as many ConfigMaps, and the bare program against the official figures. */
export async function previewRows(options: PreviewOptions): Promise<Row[]> {
  const { zone } = await loadZone(options.repository, options.zone);
  if (zone === undefined) throw new Error(`${options.zone} cannot be loaded`);
  const { objects } = await planZone(zone, { repository: options.repository, kustomize: options.kustomize });
  const folder = await realpath(await mkdtemp(join(tmpdir(), "gpu-zones-bench-")));
  try {
    const ours = (): Promise<Sample> =>
      engine(options, options.repository, ["preview", "--stack", options.zone]);
    const bare = await bareProgram(options, join(folder, "bare"), "bare-peer", objects.length);
    const empty = await bareProgram(options, join(folder, "empty"), "bare-empty", 0);
    const [a, b, floor] = await alternate(
      options.runs,
      ours,
      () => engine(options, bare, ["preview", "--stack", "bare-peer"]),
      () => engine(options, empty, ["preview", "--stack", "bare-empty"]),
    );
    const sixty = await bareProgram(options, join(folder, "sixty"), "bare-sixty", 60);
    const standIn: Record<string, Sample> = { "first up": await firstUp(options, sixty) };
    const [preview, up] = await alternate(
      options.runs,
      () => engine(options, sixty, ["preview", "--stack", "bare-sixty"]),
      () => engine(options, sixty, ["up", "--yes", "--skip-preview", "--stack", "bare-sixty"]),
    );
    standIn["no-op preview"] = preview;
    standIn["no-op up"] = up;
    for (const [project, stack] of [
      [bare, "bare-peer"],
      [sixty, "bare-sixty"],
      [empty, "bare-empty"],
    ] as const) {
      await engine(options, project, ["destroy", "--yes", "--skip-preview", "--stack", stack]);
      await timed(options.pulumi, ["stack", "rm", "--yes", "--force", stack, "--non-interactive"], {
        cwd: project,
        env: options.env,
      });
    }
    return [
      {
        what: `no-op preview of ${options.what} (${objects.length} objects)`,
        peer: `a bare program of ${objects.length} ConfigMaps`,
        ours: a,
        theirs: b,
        target: 1.3,
      },
      {
        what: `no-op preview of ${options.what} (${objects.length} objects)`,
        peer: "an empty program: what the engine, Node and the loader cost anyway",
        ours: a,
        theirs: floor,
      },
      ...Object.entries(standIn).map(([what, sample]) => ({
        what: `bare program, 60 ConfigMaps, stand-in provider: ${what}`,
        peer: "the official provider's figure (another run, same kind of machine)",
        ours: sample,
        theirs: { seconds: OFFICIAL[what] ?? Number.NaN, cpuSeconds: 0, megabytes: 0 },
      })),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function engine({ pulumi, env }: PreviewOptions, cwd: string, args: readonly string[]): Promise<Sample> {
  return timed(pulumi, [...args, ...ENGINE], { cwd, env });
}

function firstUp(options: PreviewOptions, project: string): Promise<Sample> {
  return engine(options, project, ["up", "--yes", "--skip-preview", "--stack", "bare-sixty"]);
}

/**
 * The least program that registers ConfigMaps in the same simulated cluster, or with none of them an empty one; its
 * stack is brought up unless it is for `first up`.
 */
async function bareProgram(
  options: PreviewOptions,
  folder: string,
  stack: string,
  count: number,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const program = `import * as kubernetes from "@pulumi/kubernetes";
const provider = new kubernetes.Provider("cluster", { context: "${options.zone}", kubeconfig: "", clusterIdentifier: "${stack}" });
for (let index = 0; index < ${count}; index += 1) {
  new kubernetes.core.v1.ConfigMap(\`\${index}\`, { metadata: { name: \`${stack}-\${index}\`, namespace: "default" }, data: { index: String(index) } }, { provider });
}
`;
  const project = `name: ${stack}\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n    nodeargs: --import tsx/esm\n`;
  await writeFile(join(folder, "Pulumi.yaml"), project);
  await writeFile(join(folder, "package.json"), '{ "type": "module", "main": "index.ts" }');
  await writeFile(join(folder, "index.ts"), count === 0 ? "" : program);
  await symlink(join(options.repository, "node_modules"), join(folder, "node_modules"));
  await timed(options.pulumi, ["stack", "init", stack, "--non-interactive"], {
    cwd: folder,
    env: options.env,
  });
  if (stack !== "bare-sixty")
    await engine(options, folder, ["up", "--yes", "--skip-preview", "--stack", stack]);
  return folder;
}
