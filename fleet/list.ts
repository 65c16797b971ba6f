import type { Command } from "commander";
import pc from "picocolors";
import { gpuOf, podTemplate, replicasOf } from "../plan/workload.ts";
import { formatProblem, ProblemsError, type Problem } from "../plan/config/problem.ts";
import type { Plan } from "../plan/plan.ts";
import type { Surroundings } from "./surroundings.ts";
import { table } from "./table.ts";
import { chosenZones, plan } from "./zones.ts";

interface ListedApp {
  readonly app: string;
  readonly namespace: string;
  readonly overlay: string;
  readonly images: readonly string[];
  readonly replicas: number;
  readonly gpu: { readonly resource: string; readonly count: number } | null;
}

interface ListedZone {
  readonly zone: string;
  readonly layers: readonly string[];
  readonly site: string | undefined;
  readonly apps: readonly ListedApp[];
}

/** `zones list`: what runs where, from files alone. */
export function listCommand(program: Command, surroundings: Surroundings): void {
  program
    .command("list")
    .summary("what runs where, from files alone")
    .description("Lists each zone's apps with image, replicas and GPUs. Asks no cluster and no engine.")
    .argument("[zone...]", "zones to list (default: all)")
    .option("--json", "one JSON array of zones")
    .option("--digest", "one line a zone: its name and the digest of its plan")
    .action(async (names: string[], flags: { json?: boolean; digest?: boolean }) => {
      const plans: Plan[] = [];
      const broken: Problem[] = [];
      for (const name of await chosenZones(surroundings, names)) {
        const { plan: found, problems } = await plan(surroundings, name);
        const errors = problems.filter(({ severity }) => severity === "error");
        broken.push(...errors);
        if (found !== undefined && errors.length === 0) {
          plans.push(found);
          for (const problem of problems) surroundings.err(formatProblem(problem));
        }
      }
      if (flags.digest === true) {
        for (const { zone, digest } of plans) surroundings.out(`${zone.name} ${digest}`);
      } else {
        const zones = plans.map(listed);
        surroundings.out(flags.json === true ? JSON.stringify(zones) : asTable(zones));
      }
      // The zones that are right were listed; the others end the command, all of them at once.
      if (broken.length > 0) throw new ProblemsError(broken);
    });
}

/** One zone's entry. */
export function listed({ zone, objects }: Plan): ListedZone {
  const apps = Object.entries(zone.apps).map(([app, settings]): ListedApp => {
    const workloads = objects.filter(
      ({ owner, object }) => owner === app && podTemplate(object) !== undefined,
    );
    const containers = workloads.flatMap(({ object }) => podTemplate(object)?.spec?.containers ?? []);
    return {
      app,
      namespace: settings.namespace,
      overlay: settings.overlay,
      images: [...new Set(containers.flatMap(({ image }) => (image === undefined ? [] : [image])))],
      replicas: workloads.reduce((sum, { object }) => sum + replicasOf(object), 0),
      gpu: containers.map(gpuOf).find((gpu) => gpu !== null) ?? null,
    };
  });
  return { zone: zone.name, layers: zone.layers, site: zone.site, apps };
}

function asTable(zones: readonly ListedZone[]): string {
  const rows = zones.flatMap(({ zone, layers, site, apps }) =>
    apps.map(({ app, images, replicas, gpu }, index) => [
      ...(index === 0 ? [pc.bold(zone), site ?? "", layers.join(" < ")] : ["", "", ""]),
      app,
      images.join(" "),
      String(replicas),
      gpu === null ? pc.dim("none") : `${gpu.count} x ${gpu.resource}`,
    ]),
  );
  return table(["ZONE", "SITE", "LAYERS", "APP", "IMAGE", "REPLICAS", "GPU EACH"], rows);
}
