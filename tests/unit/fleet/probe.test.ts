import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { V1Job, V1Pod } from "@kubernetes/client-node";
import { probeText } from "../../../fleet/preflight-text.ts";
import { probe } from "../../../fleet/probe.ts";
import type { NodeRow } from "../../../plan/preflight/compare.ts";
import type { Probed } from "../../../plan/preflight/probe-problems.ts";
import { parseProbe } from "../../../plan/preflight/probe-report.ts";
import { ScriptedKubectl, type Said } from "../components/scripted-kubectl.ts";
import { zoneOf } from "../sim/zone-builder.ts";

const ZONE = zoneOf({
  t4: { product: "Tesla-T4", nodes: ["n1", "n2"] },
  a100: { product: "NVIDIA-A100-PCIE-40GB", nodes: ["n3"] },
});
const row = (pool: string, node: string, state: NodeRow["state"] = "Ready"): NodeRow => ({
  pool,
  node,
  state,
  runtime: undefined,
  judgements: [],
});
const ROWS = [row("t4", "n1"), row("t4", "n2", "NotReady"), row("a100", "n3")];
const LOG: Said = { stdout: "gpu-zones-probe 1\nboards=1\ngpu-zones-probe end\n" };
const DONE: Said = {};

function pods(...all: [name: string, node: string | undefined, status: V1Pod["status"]][]): Said {
  const items = all.map(([name, nodeName, status]) => ({ metadata: { name }, spec: { nodeName }, status }));
  return { stdout: JSON.stringify({ items }) };
}

describe("what probes saw of their hosts", () => {
  it("stands in a table that tells headers which nobody could look for from those that are not there", () => {
    const probed = (node: string, headers: string): Probed => ({
      pool: "t4",
      node,
      runtime: undefined,
      report: parseProbe(`gpu-zones-probe 1\nheaders=${headers}\ngpu-zones-probe end\n`)!,
    });
    const text = stripVTControlCharacters(probeText([probed("n1", "unknown"), probed("n2", "missing")]));
    assert.match(text, /^t4 +n1 .* not checked /m);
    assert.match(text, /^t4 +n2 .* missing /m);
  });
});

describe("probing a zone's hosts", () => {
  let kubectl: ScriptedKubectl;

  beforeEach(async () => {
    kubectl = await ScriptedKubectl.create();
  });

  afterEach(async () => {
    await kubectl.remove();
  });

  const CREATE = "*' create -f -'";
  const PODS = "*' get pods '*";
  const DELETE = "*' delete jobs '*";
  const run = async (answers: [string, Said][], seconds = 0, signal?: AbortSignal): Promise<Probed[]> =>
    probe(ZONE, { ...(await kubectl.answers(answers)), ...(signal && { signal }) }, ROWS, {
      log: () => undefined,
      seconds,
    });
  const asked = async (): Promise<string[]> =>
    (await readFile(join(kubectl.folder, "asked"), "utf8")).split("\n").filter((line) => line !== "");

  it("reports each ready node, and deletes its Jobs by the run's own label", async () => {
    const running = { phase: "Running" };
    const probed = await run([
      [CREATE, DONE],
      [PODS, pods(["p1", "n1", running], ["p3", "n3", running])],
      ["*' logs '*", LOG],
      [DELETE, DONE],
    ]);
    assert.deepEqual(
      probed.map(({ pool, node, report }) => [pool, node, typeof report === "object" && report.boards]),
      [
        ["t4", "n1", 1],
        ["a100", "n3", 1],
      ],
    );
    const { items } = JSON.parse(await readFile(join(kubectl.folder, "input"), "utf8")) as { items: V1Job[] };
    const labels = items.map(({ metadata }) => metadata?.labels?.["gpu-zones.dev/probe-run"]);
    assert.equal(items.length, 2);
    assert.equal(new Set(labels).size, 1);
    assert.match(
      (await asked()).at(-1) ?? "",
      new RegExp(` delete jobs .*-l gpu-zones\\.dev/probe-run=${labels[0]!} `),
    );
  });

  it("says why a node has no report, in the words of kubelet and scheduler", async () => {
    const pull = { reason: "ImagePullBackOff", message: "Back-off pulling image" };
    const scheduled = { type: "PodScheduled", status: "False", message: "0/3 nodes are available" };
    const probed = await run([
      [CREATE, DONE],
      [
        PODS,
        pods(
          [
            "p1",
            "n1",
            {
              phase: "Pending",
              containerStatuses: [
                {
                  name: "probe",
                  image: "",
                  imageID: "",
                  ready: false,
                  restartCount: 0,
                  state: { waiting: pull },
                },
              ],
            },
          ],
          ["p3", undefined, { phase: "Pending", conditions: [scheduled] }],
        ),
      ],
      [DELETE, DONE],
    ]);
    assert.deepEqual(
      probed.map(({ report }) => report),
      [
        "an image that cannot be pulled (Back-off pulling image)",
        "none within 0 s (0/3 nodes are available)",
      ],
    );
  });

  it("deletes its Jobs when they could not all be created", async () => {
    const refused: Said = { stderr: "Error from server (Forbidden): jobs.batch is forbidden\n", code: 1 };
    await assert.rejects(
      run([
        [CREATE, refused],
        [DELETE, DONE],
      ]),
      /wanted to start a probe of each pool, got no right/,
    );
    assert.match((await asked()).at(-1) ?? "", / delete jobs /);
  });

  it("deletes its Jobs when it is interrupted", async () => {
    const interrupted = new AbortController();
    const pending = run(
      [
        [CREATE, DONE],
        [PODS, pods()],
        [DELETE, DONE],
      ],
      600,
      interrupted.signal,
    );
    const rejected = assert.rejects(pending, /told to end/);
    const until = Date.now() + 8000;
    const polls = async (): Promise<boolean> =>
      (await asked().catch(() => [])).some((line) => line.includes(" get pods "));
    while (!(await polls()) && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
    interrupted.abort(new Error("told to end"));
    await rejected;
    assert.match((await asked()).at(-1) ?? "", / delete jobs /);
  });

  it("asks nothing of a zone without a ready node", async () => {
    const cluster = await kubectl.answers([]);
    assert.deepEqual(await probe(ZONE, cluster, [row("t4", "n1", "absent")], { log: () => undefined }), []);
  });
});
