import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { absentNodes } from "../../../components/absent-nodes.ts";
import { readIdentity } from "../../../components/identity.ts";
import { isProblem, readLive } from "../../../components/live.ts";
import { poolEntry } from "../../../components/operands/device-plugin-config.ts";
import { begunProblems } from "../../../components/begun-rollouts.ts";
import { owingInWords, owingNodes, owingProblems } from "../../../components/owing.ts";
import { foreignObjects } from "../../../components/ownership.ts";
import type { Plan } from "../../../plan/plan.ts";
import { planned } from "../../../plan/planned-object.ts";
import { zoneOf } from "../sim/zone-builder.ts";

const ZONE = zoneOf({ t4: { product: "Tesla-T4", nodes: ["n1", "n2"], sharing: { timeSlicing: 2 } } });
const SERVICE = { apiVersion: "v1", kind: "Service", metadata: { name: "pd", namespace: "pd" } };
const PLAN: Plan = {
  zone: ZONE,
  objects: [planned("pd", SERVICE)],
  findings: [],
  digest: "sha256:0",
};

const live = (labels: Record<string, string>): string =>
  JSON.stringify({ ...SERVICE, metadata: { ...SERVICE.metadata, labels } });

/** What the program makes of kubectl's answers; kubectl is a script that gives one. */
describe("what a run learns of the cluster", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "gpu-zones-kubectl-"));
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function answering(stdout: string, stderr = "", code = 0) {
    const path = join(folder, "kubectl");
    await writeFile(join(folder, "stdout"), stdout);
    await writeFile(join(folder, "stderr"), stderr);
    const script = `#!/bin/sh\ncat >/dev/null\ncat "${folder}/stdout"\ncat "${folder}/stderr" >&2\nexit ${code}\n`;
    await writeFile(path, script);
    await chmod(path, 0o755);
    return { path, context: "zone-1-dev" };
  }

  const found = async (stdout: string, stderr = "", code = 0, ours: string[] = []): Promise<string[]> => {
    const problems = await foreignObjects(await answering(stdout, stderr, code), PLAN, new Set(ours));
    return problems.map(({ severity, code: gz, message }) => `${severity} ${gz} ${message}`);
  };

  describe("of objects that it would take over", () => {
    it("is nothing wrong where none is there, or it carries the zone's label", async () => {
      assert.deepEqual(await found(""), []);
      assert.deepEqual(await found(live({ "gpu-zones.dev/zone": "zone-1-dev" })), []);
    });

    it("is who has one without it, also where another kind is not known yet", async () => {
      const wanted = [
        "error GZ307 wanted to create Service pd, got one that is not this zone's (managed by helm)",
      ];
      const helm = live({ "app.kubernetes.io/managed-by": "helm" });
      assert.deepEqual(await found(helm), wanted);
      const unknown =
        'error: resource mapping not found for name: "x" namespace: "" from "STDIN": no matches for kind "X" in version "x/v1"\nensure CRDs are installed first\n';
      assert.deepEqual(await found(helm, unknown, 1), wanted);
      assert.deepEqual(await found("", unknown, 1), []);
    });

    it("is never asked of what the stack's state holds: that is the zone's already", async () => {
      assert.deepEqual(await found(live({}), "", 0, ["pd/Service/pd/pd"]), []);
    });

    const unreadable: [what: string, stdout: string, stderr: string, code: number, got: RegExp][] = [
      [
        "credentials are refused",
        "",
        "error: You must be logged in to the server (Unauthorized)\n",
        1,
        /got credentials/,
      ],
      ["the time is over", "", "Unable to connect to the server: context deadline exceeded\n", 1, /deadline/],
      ["it ends without a word", "", "", 1, /wanted to know/],
      ["the answer is cut off", '{"apiVersion": "v1", "items": [{"kind', "", 0, /an answer that is cut off/],
      [
        "one kind of several is forbidden",
        live({ "gpu-zones.dev/zone": "zone-1-dev" }),
        'error: no matches for kind "X" in version "x/v1"\nError from server (Forbidden): services is forbidden\n',
        1,
        /no right/,
      ],
    ];
    for (const [what, stdout, stderr, code, got] of unreadable) {
      it(`is an error, and not an empty cluster, when ${what}`, async () => {
        const problems = await found(stdout, stderr, code);
        assert.equal(problems.length, 1);
        assert.match(problems[0] ?? "", /^error GZ311 /);
        assert.match(problems[0] ?? "", got);
      });
    }
  });

  describe("of its nodes", () => {
    it("is that nobody looked, when the list cannot be read", async () => {
      for (const cluster of [
        await answering("", "Error from server (Forbidden): nodes is forbidden\n", 1),
        await answering('{"items": ['),
      ]) {
        const problem = await readLive(cluster, ZONE);
        assert.ok(isProblem(problem));
        assert.equal(problem.code, "GZ311");
        assert.match(problem.message, /^wanted the list of nodes, got .*: nobody looked/);
      }
    });

    it("is which of the pools' nodes are absent", async () => {
      const node = { kind: "Node", metadata: { name: "n2", labels: { a: "b" } } };
      const live = await readLive(await answering(JSON.stringify({ items: [node] })), ZONE);
      assert.ok(!isProblem(live));
      assert.deepEqual(
        live.nodes.map(({ name, labels }) => ({ name, labels })),
        [{ name: "n2", labels: { a: "b" } }],
      );
      const problems = absentNodes(ZONE, [{ name: "n2" }]);
      assert.deepEqual(
        problems.map(({ code, path }) => [code, path]),
        [["GZ309", "nodePools.t4.nodes.0"]],
      );
    });
  });

  describe("of nodes whose sharing was changed", () => {
    const LABEL = "nvidia.com/device-plugin.config";
    const entry = (shares: number, nodes = ["n1", "n2"]): string =>
      poolEntry(ZONE, "t4", { ...ZONE.nodePools["t4"], nodes, sharing: { timeSlicing: shares } } as never)
        ?.name ?? "";

    const owing = (nodes: { name: string; labels: Record<string, string> }[], zone = ZONE) =>
      owingNodes(zone, { nodes, pods: [], revisions: {} });

    it("is one warning for a pool, with its nodes and the way on", () => {
      const nodes = owing([
        { name: "n1", labels: { [LABEL]: entry(4) } },
        { name: "n2", labels: { [LABEL]: entry(2) } },
        { name: "elsewhere", labels: { [LABEL]: entry(4) } },
      ]);
      assert.deepEqual(
        owingProblems(ZONE, nodes).map(({ code, severity, path, message, fix }) => [
          code,
          severity,
          path,
          message,
          fix,
        ]),
        [
          [
            "GZ310",
            "warning",
            "nodePools.t4.sharing",
            `wanted sharing ${entry(2)} on the nodes of pool t4, got ${entry(4)} on 1 of them (n1): they go on as before`,
            "./zones rollout zone-1-dev --only sharing (--dry-run shows what it would do)",
          ],
        ],
      );
      assert.deepEqual(owingInWords(nodes), ["1 node still shares its GPUs as before: n1"]);
    });

    it("is nothing for a new node, which the labeller is about to label", () => {
      assert.deepEqual(owing([{ name: "n1", labels: {} }]), []);
    });

    it("is the first sharing of a node that was of the pool before", () => {
      const nodes = owing([{ name: "n1", labels: { "gpu-zones.dev/pool": "t4" } }]);
      assert.deepEqual(nodes[0]?.owes, [{ part: "sharing", from: null, to: entry(2), why: "value" }]);
    });

    it("is to take the label away where the pool is not shared any more", () => {
      const whole = zoneOf({ t4: { product: "Tesla-T4", nodes: ["n1"] } });
      const [node] = owing([{ name: "n1", labels: { [LABEL]: entry(4) } }], whole);
      assert.deepEqual(node?.owes, [{ part: "sharing", from: entry(4), to: null, why: "value" }]);
      for (const fine of ["", "default"])
        assert.deepEqual(owing([{ name: "n1", labels: { [LABEL]: fine } }], whole), []);
    });

    it("is nothing where somebody else runs the GPU stack", () => {
      const unmanaged = zoneOf({ t4: { product: "Tesla-T4", nodes: ["n1"] } }, { managed: false });
      assert.deepEqual(owing([{ name: "n1", labels: { [LABEL]: entry(4) } }], unmanaged), []);
    });
  });

  describe("of nodes that a rollout has left", () => {
    const left = (name: string, state: string, mark?: string) => ({
      name,
      labels: { "nvidia.com/gpu-driver-upgrade-state": state },
      annotations: mark === undefined ? {} : { "gpu-zones.dev/rollout": mark },
    });

    it("is a warning that names them, with the way on, whatever their labels owe", () => {
      const nodes = [
        left("n2", "pod-restart-required", "{}"),
        left("n1", "validation-required", "{}"),
        left("n3", "upgrade-failed", "{}"),
        left("n4", "upgrade-done"),
      ];
      assert.deepEqual(
        begunProblems(ZONE, nodes).map(({ code, severity, message }) => [code, severity, message]),
        [
          [
            "GZ310",
            "warning",
            "wanted nodes that no rollout has cordoned, got a rollout that is not done on n1, n2",
          ],
          ["GZ310", "warning", "wanted nodes that no rollout has cordoned, got a rollout that failed on n3"],
        ],
      );
    });

    it("is nothing where upstream's operator is at work by itself", () => {
      assert.deepEqual(begunProblems(ZONE, [left("n1", "upgrade-failed")]), []);
    });
  });

  describe("of a cluster that nobody could be asked for", () => {
    const said: [cause: string, stderr: string][] = [
      ["kubeconfig", "error: stat /missing.yaml: no such file or directory\n"],
      ["kubeconfig", 'error: error loading config file "bad.yaml": yaml: line 1: did not find expected\n'],
      ["kubeconfig", "Error in configuration: \n* unable to read client-cert /x.crt for a due to open\n"],
      ["context", 'error: context "x" does not exist\n'],
      ["credentials", "error: You must be logged in to the server (Unauthorized)\n"],
      ["dark", "Unable to connect to the server: dial tcp 10.0.0.1:6443: i/o timeout\n"],
      ["dark", "The connection to the server 127.0.0.1:1 was refused - did you specify the right host?\n"],
    ];
    for (const [cause, stderr] of said) {
      it(`is ${cause} where kubectl says: ${stderr.trim()}`, async () => {
        const identity = await readIdentity(await answering("", stderr, 1));
        assert.equal(identity.state, "unreachable");
        assert.equal(identity.cause, cause);
      });
    }
  });
});
