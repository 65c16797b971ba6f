import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import writeFileAtomic from "write-file-atomic";
import { stringify } from "yaml";
import type { KubernetesObject } from "../plan/object.ts";
import type { Plan } from "../plan/plan.ts";
import { asYaml } from "../plan/render/manifests.ts";
import type { Surroundings } from "./surroundings.ts";
import { UserError } from "./surroundings.ts";
import { chosenZones, requirePlan } from "./zones.ts";

interface RenderFlags {
  readonly all?: boolean;
  readonly out?: string;
  readonly json?: boolean;
  readonly digest?: boolean;
}

/** `zones render`: complete manifests, from files alone. */
export function renderCommand(program: Command, surroundings: Surroundings): void {
  program
    .command("render")
    .summary("print a zone's complete manifests")
    .description("Prints every Kubernetes object that a zone will hold. Asks no cluster and no engine.")
    .argument("[zone...]", "zones to render")
    .option("--all", "every zone")
    .option("--out <dir>", "write <dir>/<zone>.yaml instead of printing")
    .option("--json", "one JSON array of objects")
    .option("--digest", "one line a zone: its name and the digest of its plan")
    .action(async (names: string[], flags: RenderFlags) => {
      if (names.length === 0 && flags.all !== true) throw new UserError("name zones to render, or say --all");
      const plans: Plan[] = [];
      for (const name of await chosenZones(surroundings, names))
        plans.push(await requirePlan(surroundings, name));
      if (flags.digest === true) {
        for (const { zone, digest } of plans) surroundings.out(`${zone.name} ${digest}`);
      } else if (flags.json === true) {
        surroundings.out(JSON.stringify(plans.flatMap(({ objects }) => objects.map(({ object }) => object))));
      } else if (flags.out !== undefined) {
        await mkdir(flags.out, { recursive: true });
        for (const each of plans) {
          const file = join(flags.out, `${each.zone.name}.yaml`);
          await writeFileAtomic(file, `${yamlDocuments(each)}\n`);
          surroundings.err(`wrote ${file}`);
        }
      } else {
        surroundings.out(plans.map(yamlDocuments).join("\n"));
      }
    });
}

function yamlDocuments({ objects }: Plan): string {
  return objects.map(({ object }) => `---\n${yamlDocument(object)}`).join("\n");
}

/** An object as YAML that readers of 1.1 (kubectl) and of 1.2 take for the same: `"yes"` and `"1_000"` are in quotes. */
export function yamlDocument(object: KubernetesObject): string {
  // Line breaks to readers of 1.1, text to those of 1.2; and characters that YAML does not let stand as they are.
  if (/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/.test(JSON.stringify(object))) return asYaml(object);
  return stringify(object, { lineWidth: 0, compat: "yaml-1.1", aliasDuplicateObjects: false }).trimEnd();
}
