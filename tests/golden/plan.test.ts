import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Document } from "yaml";
import { resourceType } from "../../components/object-registry.ts";
import { loadZone } from "../../plan/config/load.ts";
import { formatProblem } from "../../plan/config/problem.ts";
import { listZones } from "../../plan/config/read.ts";
import { operandNames, planZone, type Plan } from "../../plan/plan.ts";
import { ZONE_OWNER } from "../../plan/planned-object.ts";
import { findTool } from "../../tools/find.ts";
import { assertGolden, judgeGrowing } from "./golden.ts";

const CHECKOUT = join(import.meta.dirname, "..", "..");
const ZONES = await listZones(CHECKOUT);
const PLAN_SUFFIX = ".plan.yaml";
const URN_SUFFIX = ".urns.txt";

/** Type of the component that holds what belongs to the zone as a whole. */
const CLUSTER = "gpu-zones:index:Cluster";

describe("the shipped zones", function () {
  this.timeout(30_000);

  for (const zone of ZONES) {
    it(`${zone} holds the objects of its golden file, to the last field`, async () => {
      assertGolden(`${zone}${PLAN_SUFFIX}`, asDocuments(await planOf(zone)));
    });

    it(`${zone} keeps every object's type, parent and name: a changed one would be deleted and made anew`, async () => {
      assertGolden(`${zone}${URN_SUFFIX}`, urnLines(await planOf(zone)), judgeGrowing);
    });
  }

  it("are all that have golden files", async () => {
    const golden = (await readdir(import.meta.dirname)).filter((file) => !file.endsWith(".ts"));
    assert.deepEqual(
      golden.toSorted(),
      ZONES.flatMap((zone) => [`${zone}${PLAN_SUFFIX}`, `${zone}${URN_SUFFIX}`]).toSorted(),
    );
  });
});

async function planOf(name: string): Promise<Plan> {
  const { zone, problems } = await loadZone(CHECKOUT, name);
  assert.ok(zone !== undefined, problems.map(formatProblem).join("\n"));
  const { path: kustomize } = await findTool("kustomize");
  const plan = await planZone(zone, { repository: CHECKOUT, kustomize });
  assert.deepEqual([...problems, ...plan.findings].map(formatProblem), []);
  return plan;
}

/** Every object as a YAML document under its logical name, in the order of the names, keys sorted. */
function asDocuments({ objects }: Plan): string {
  return objects
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, object }) => {
      const document = new Document(object, { sortMapEntries: true, aliasDuplicateObjects: false });
      return `# ${id}\n${document.toString({ lineWidth: 0 })}`;
    })
    .join("---\n");
}

/** `<type>  <type of the parent>  <name>` of every resource, sorted: what a URN is made of. */
function urnLines(plan: Plan): string {
  const parentOf = (owner: string): string => {
    if (owner === ZONE_OWNER) return CLUSTER;
    return `gpu-zones:index:${Object.hasOwn(plan.zone.apps, owner) ? "ZoneApp" : "GpuOperand"}`;
  };
  const components = [...operandNames(plan), ...Object.keys(plan.zone.apps)];
  const lines = [
    `${CLUSTER}  stack  cluster`,
    `pulumi:providers:kubernetes  ${CLUSTER}  kubernetes`,
    ...components.map((name) => `${parentOf(name)}  stack  ${name}`),
    ...plan.objects.map(({ id, owner, object }) => `${resourceType(object)}  ${parentOf(owner)}  ${id}`),
  ];
  return `${lines.toSorted().join("\n")}\n`;
}
