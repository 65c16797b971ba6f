import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { V1DaemonSet, V1Node, V1Pod } from "@kubernetes/client-node";
import { changesOf } from "../../fleet/up.ts";
import { Checkout, type Ended } from "./checkout.ts";

const ZONE = "zone-9-dev";
const DRIVERS = "app.kubernetes.io/component=nvidia-driver";
const PAUSED = { label: "nvidia.com/gpu.deploy.dcgm-exporter", value: "paused-for-driver-upgrade" };

/** Every way to drive and to share a board, in one zone: a pool each. */
const STACK_FILE = `config:
  gpu-zones:extends: [dev]
  gpu-zones:site: dc-9
  gpu-zones:gpu: { mig: { strategy: single } }
  gpu-zones:nodePools:
    cut: { hardware: a100x1, nodes: [cut-1], mig: all-1g.5gb }
    mps: { hardware: t4x1, nodes: [mps-1], sharing: { mps: 4 } }
    host: { hardware: t4x1, nodes: [host-1], driver: { mode: preinstalled } }
    moving: { hardware: t4x1, nodes: [moving-1, moving-2], os: [ubuntu22.04, ubuntu24.04] }
    signed:
      hardware: t4x1
      nodes: [signed-1]
      driver: { mode: precompiled, version: "580" }
      kernel: 5.15.0-179-generic
      taints: [{ key: dedicated, value: ml, effect: NoSchedule }]
  gpu-zones:apps:
    private-detector: { replicas: 2, gpu: { mig: 1g.5gb } }
    toxicity-detector: { replicas: 3, gpu: { productLabel: Tesla-T4-SHARED } }
`;

interface Status {
  readonly ready: boolean;
  readonly nodes: { node: string; resources: Record<string, number>; step: string | null }[];
  readonly apps: { app: string; where: Record<string, number> }[];
}

/** The variants that zone-1-dev has not, from the stack file to what the scheduler can hand out. */
describe("a zone of every kind of pool", function () {
  this.timeout(180_000);
  let checkout: Checkout;
  let status: Status;

  before(async () => {
    checkout = await Checkout.create();
    await writeFile(join(checkout.folder, `Pulumi.${ZONE}.yaml`), STACK_FILE);
    await fine(checkout.zones("sim", "up", ZONE));
    await checkout.enterSim();
    await fine(checkout.up(ZONE));
    const answer = await fine(checkout.zones("status", ZONE, "--wait", "90s", "--json"));
    [status] = JSON.parse(answer.stdout) as [Status];
  });

  after(async () => {
    await checkout.remove();
  });

  it("has every node usable", () => {
    assert.deepEqual(
      status.nodes.filter(({ step }) => step !== null),
      [],
    );
  });

  it("offers the instances of a cut board as GPUs under strategy single", async () => {
    assert.deepEqual(resources("cut-1"), { "nvidia.com/gpu": 7 });
    assert.equal((await labels("cut-1"))["nvidia.com/gpu.product"], "NVIDIA-A100-PCIE-40GB-MIG-1g.5gb");
    assert.deepEqual(app("private-detector").where, { "cut-1": 2 });
  });

  it("shares a board by MPS, with the control daemon on that node alone", async () => {
    assert.deepEqual(resources("mps-1"), { "nvidia.com/gpu": 4 });
    assert.equal((await labels("mps-1"))["nvidia.com/gpu.sharing-strategy"], "mps");
    const daemons = await pods("app=nvidia-device-plugin-mps-control-daemon");
    assert.deepEqual(daemons.map(nodeOf), ["mps-1"]);
    assert.deepEqual(Object.keys(app("toxicity-detector").where), ["mps-1"]);
  });

  it("uses the driver that a host brings, and puts none beside it", async () => {
    assert.deepEqual(resources("host-1"), { "nvidia.com/gpu": 1 });
    assert.equal((await labels("host-1"))["gpu-zones.dev/driver"], "preinstalled");
    assert.ok(!(await pods(DRIVERS)).map(nodeOf).includes("host-1"));
  });

  it("gives two operating systems of one pool an image each, and a precompiled driver its kernel's", async () => {
    const images = (await pods(DRIVERS)).map((pod) => [
      nodeOf(pod),
      pod.spec?.containers[0]?.image?.replace(/^.*:/, ""),
    ]);
    assert.deepEqual(Object.fromEntries(images), {
      "cut-1": "580.178.04-ubuntu22.04",
      "mps-1": "580.178.04-ubuntu22.04",
      "moving-1": "580.178.04-ubuntu22.04",
      "moving-2": "580.178.04-ubuntu24.04",
      "signed-1": "580-5.15.0-179-generic-ubuntu22.04",
    });
    for (const node of ["moving-1", "moving-2", "signed-1"])
      assert.deepEqual(resources(node), { "nvidia.com/gpu": 1 }, node);
  });

  it("tolerates the taint of one pool with every operand that runs on its nodes, by the pool alone", async () => {
    const { items } = await checkout.get<{ items: V1DaemonSet[] }>(ZONE, "daemonsets", "-n", "gpu-operator");
    const there = new Set((await pods("")).filter((pod) => nodeOf(pod) === "signed-1").map(ownerOf));
    const elsewhere = [/^nvidia-driver-580\.178/, /mps-control-daemon$/, /^nvidia-mig-manager$/];
    for (const { metadata } of items) {
      const name = metadata?.name ?? "";
      assert.equal(there.has(name), !elsewhere.some((pattern) => pattern.test(name)), name);
    }
  });

  it("keeps what an operand wrote into a deploy label, through an update and a refresh without a change", async () => {
    const { label, value } = PAUSED;
    await fine(checkout.kubectl(ZONE, "label", "--overwrite", "node", "moving-1", `${label}=${value}`));
    const up = await fine(checkout.up(ZONE));
    assert.deepEqual(changed(up), { create: 0, update: 0, delete: 0, replace: 0 });
    const refresh = await fine(
      checkout.pulumi("refresh", "--yes", "--skip-preview", "--run-program", "--stack", ZONE),
    );
    assert.deepEqual(changed(refresh), { create: 0, update: 0, delete: 0, replace: 0 });
    assert.equal((await labels("moving-1"))[label], value);
  });

  const resources = (name: string) => status.nodes.find(({ node }) => node === name)?.resources;

  function app(name: string): Status["apps"][number] {
    return status.apps.find((each) => each.app === name) ?? assert.fail(`there is no app ${name}`);
  }

  async function labels(node: string): Promise<Record<string, string>> {
    return (await checkout.get<V1Node>(ZONE, "node", node)).metadata?.labels ?? {};
  }

  async function pods(selector: string): Promise<V1Pod[]> {
    const { items } = await checkout.get<{ items: V1Pod[] }>(
      ZONE,
      "pods",
      "-n",
      "gpu-operator",
      "-l",
      selector,
    );
    return items;
  }
});

function nodeOf({ spec }: V1Pod): string {
  return spec?.nodeName ?? "";
}

function ownerOf({ metadata }: V1Pod): string {
  return metadata?.ownerReferences?.[0]?.name ?? "";
}

function changed(run: Ended): object {
  const { same: _same, ...rest } = changesOf(run.stdout);
  return rest;
}

async function fine(running: Promise<Ended>): Promise<Ended> {
  const run = await running;
  assert.equal(run.code, 0, run.all);
  return run;
}
