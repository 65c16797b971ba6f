import assert from "node:assert/strict";
import { preflight } from "../../../fleet/preflight.ts";
import type { ZoneInput } from "../../../plan/config/schema/zone.ts";
import type { Zone } from "../../../plan/config/zone.ts";
import { ScriptedKubectl, type Said } from "../components/scripted-kubectl.ts";
import { t4Node } from "../preflight/nodes.ts";
import { zoneOf } from "../sim/zone-builder.ts";

const UID = "6f1c2d3e-4a5b-4c6d-8e7f-9a0b1c2d3e4f";
const zone = (gpu: ZoneInput["gpu"] = {}, uid = UID): Zone => {
  const each = zoneOf({ t4: { product: "Tesla-T4", os: "ubuntu22.04", nodes: ["n1"] } }, gpu);
  return { ...each, cluster: { ...each.cluster, uid } };
};

const json = (value: unknown): Said => ({ stdout: JSON.stringify(value) });
const FORBIDDEN: Said = { stderr: "Error from server (Forbidden): x is forbidden\n", code: 1 };

/** A cluster in which everything is as it should be, by what kubectl is asked. */
const WELL = {
  identity: ["*' --raw /api/v1/namespaces/kube-system'", json({ metadata: { uid: UID } })],
  groups: ["*' --raw /apis'", json({ groups: [{ name: "apps" }] })],
  version: ["*' --raw /version'", json({ gitVersion: "v1.34.2" })],
  nodes: ["*' get nodes '*", json({ items: [t4Node("n1")] })],
  objects: ["*' daemonsets.apps,'*", json({ items: [] })],
} satisfies Record<string, [string, Said]>;

describe("a preflight", () => {
  let kubectl: ScriptedKubectl;

  before(async () => {
    kubectl = await ScriptedKubectl.create();
  });

  after(async () => {
    await kubectl.remove();
  });

  const told = async (
    of: Zone,
    changes: Partial<Record<keyof typeof WELL, Said>> = {},
  ): Promise<string[]> => {
    const answers = Object.entries(WELL).map(([what, [pattern, said]]): [string, Said] => [
      pattern,
      changes[what as keyof typeof WELL] ?? said,
    ]);
    const { problems } = await preflight(of, await kubectl.answers(answers), {
      simulatedUids: undefined,
      writes: false,
    });
    return problems.map(({ severity, code, message }) => `${severity} ${code} ${message}`);
  };

  it("finds nothing in a cluster that is what the zone declares", async () => {
    assert.deepEqual(await told(zone()), []);
  });

  it("names what is absent, what is in no pool, and who may refuse the operands", async () => {
    const changes = {
      nodes: json({ items: [t4Node("n9")] }),
      groups: json({ groups: [{ name: "kyverno.io" }, { name: "templates.gatekeeper.sh" }] }),
    };
    const problems = await told(zone(), changes);
    assert.deepEqual(
      problems.map((text) => text.slice(0, 13)),
      ["warning GZ405", "warning GZ405", "warning GZ309", "warning GZ402"],
    );
    assert.match(problems[0] ?? "", /got Kyverno,/);
    assert.match(problems[1] ?? "", /got Gatekeeper,/);
    // Nobody asks for privileged pods where somebody else drives the GPUs.
    assert.deepEqual(
      (await told(zone({ managed: false }), changes)).map((text) => text.slice(0, 13)),
      ["warning GZ309"],
    );
  });

  it("says no more of another cluster than that it is another one", async () => {
    const problems = await told(zone({}, UID.replace("6f", "7f")), { nodes: json({ items: [] }) });
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? "", /^error GZ304 /);
  });

  it("ends with an error where no cluster answers, and looks at nothing", async () => {
    const dark: Said = { stderr: "The connection to the server 127.0.0.1:1 was refused\n", code: 1 };
    const problems = await told(zone(), { identity: dark });
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? "", /^error GZ305 .*connection refused/);
  });

  for (const what of ["nodes", "objects", "groups"] as const) {
    it(`takes a list of ${what} that cannot be read for no empty one`, async () => {
      const problems = await told(zone(), { [what]: FORBIDDEN });
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0] ?? "", /^error GZ311 .*no right to do that/);
    });
  }
});
