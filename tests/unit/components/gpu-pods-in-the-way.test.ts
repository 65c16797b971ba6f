import assert from "node:assert/strict";
import { laterPods, laterPodsGone } from "../../../components/destroy-order.ts";
import { withdrawnOperands, withdrawnProblems } from "../../../components/withdrawn-operands.ts";
import type { Plan } from "../../../plan/plan.ts";
import { planned, type PlannedObject } from "../../../plan/planned-object.ts";
import { zoneOf } from "../sim/zone-builder.ts";
import { ScriptedKubectl } from "./scripted-kubectl.ts";

const ZONE = zoneOf({ t4: { product: "Tesla-T4", nodes: ["n1"] } });

function daemonSet(owner: string): PlannedObject {
  return planned(owner, {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: `nvidia-${owner}`, namespace: "gpu-operator" },
    spec: { selector: { matchLabels: { app: owner } }, template: { metadata: { labels: { app: owner } } } },
  });
}

const [DRIVER, TOOLKIT, PLUGIN] = ["driver", "container-toolkit", "device-plugin"].map(daemonSet) as [
  PlannedObject,
  PlannedObject,
  PlannedObject,
];
const planOf = (...objects: PlannedObject[]): Plan => ({
  zone: ZONE,
  objects,
  findings: [],
  digest: "sha256:0",
});
const PLAN = planOf(DRIVER, TOOLKIT, PLUGIN);

const podOf = (app: string, nodeName = "n1") => ({
  kind: "Pod",
  metadata: { name: `${app}-x`, namespace: "gpu-operator", labels: { app } },
  spec: { nodeName, containers: [] },
});
const node = (name: string, status: string) => ({
  kind: "Node",
  metadata: { name },
  status: { conditions: [{ type: "Ready", status }] },
});

describe("a destroy", () => {
  let kubectl: ScriptedKubectl;
  beforeEach(async () => {
    kubectl = await ScriptedKubectl.create();
  });
  afterEach(() => kubectl.remove());

  it("lets the driver go after toolkit and device plugin, and the toolkit after the plugin", () => {
    const pods = [podOf("driver"), podOf("container-toolkit"), podOf("device-plugin")];
    const of = (owner: string) => laterPods(PLAN, owner, pods, [node("n1", "True")]);
    assert.deepEqual(of("driver"), [
      "gpu-operator/container-toolkit-x on n1",
      "gpu-operator/device-plugin-x on n1",
    ]);
    assert.deepEqual(of("container-toolkit"), ["gpu-operator/device-plugin-x on n1"]);
    assert.deepEqual(of("device-plugin"), []);
  });

  it("does not wait for a node that cannot end its pods", () => {
    assert.deepEqual(laterPods(PLAN, "driver", [podOf("device-plugin")], [node("n1", "Unknown")]), []);
  });

  it("waits while such pods are there, and says which were when patience ends", async () => {
    const items = [podOf("device-plugin"), node("n1", "True")];
    const cluster = await kubectl.answers([["*", { stdout: JSON.stringify({ items }) }]]);
    assert.deepEqual(await laterPodsGone(cluster, PLAN, DRIVER, 0), ["gpu-operator/device-plugin-x on n1"]);
    const empty = await kubectl.answers([["*", { stdout: JSON.stringify({ items: [node("n1", "True")] }) }]]);
    assert.deepEqual(await laterPodsGone(empty, PLAN, DRIVER, 60), []);
  });

  it("asks nobody before objects that nobody needs on a node", async () => {
    const account = planned("driver", {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "nvidia-driver", namespace: "gpu-operator" },
    });
    assert.deepEqual(await laterPodsGone(await kubectl.answers([]), PLAN, account, 60), []);
  });
});

describe("an operand that the zone no longer has", () => {
  const earlier = new Map(PLAN.objects.map(({ id, object }) => [id, object]));
  const run = { plan: planOf(DRIVER, PLUGIN), earlier, preview: false, override: undefined };
  const user = {
    metadata: { name: "train", namespace: "ml" },
    spec: { nodeName: "n1", containers: [{ name: "a", resources: { limits: { "nvidia.com/gpu": "1" } } }] },
    status: { phase: "Running" },
  };
  let kubectl: ScriptedKubectl;
  beforeEach(async () => {
    kubectl = await ScriptedKubectl.create();
  });
  afterEach(() => kubectl.remove());

  const held = () => kubectl.answers([["*", { stdout: JSON.stringify({ items: [user] }) }]]);

  it("is one that the last update installed and the plan has not; another version of it is none", () => {
    assert.deepEqual(withdrawnOperands(run), ["container-toolkit"]);
    assert.deepEqual(withdrawnOperands({ plan: PLAN, earlier }), []);
    assert.deepEqual(withdrawnOperands({ plan: planOf(DRIVER), earlier: new Map() }), []);
  });

  it("does not go from under pods that hold GPUs, and names them", async () => {
    const [problem] = await withdrawnProblems(await held(), run);
    assert.equal(problem?.severity, "error");
    assert.match(problem.message, /while container-toolkit goes, got GPUs held by ml\/train on n1/);
  });

  it("is told in a preview, and goes when somebody says why, or when nobody holds a GPU", async () => {
    const [warned] = await withdrawnProblems(await held(), { ...run, preview: true });
    assert.equal(warned?.severity, "warning");
    assert.deepEqual(
      await withdrawnProblems(await held(), { ...run, override: "moves to the operator" }),
      [],
    );
    const nobody = await kubectl.answers([["*", { stdout: '{"items":[]}' }]]);
    assert.deepEqual(await withdrawnProblems(nobody, run), []);
  });

  it("stays where nobody could look who holds GPUs", async () => {
    const dark = await kubectl.answers([["*", { stderr: "error: connection refused", code: 1 }]]);
    const [problem] = await withdrawnProblems(dark, run);
    assert.match(problem?.message ?? "", /nobody knows by whom \(connection refused/);
  });
});
