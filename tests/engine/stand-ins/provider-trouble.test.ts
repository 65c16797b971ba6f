import assert from "node:assert/strict";
import { CancelledError } from "../../../sim/stand-ins/kubernetes-provider/failure.ts";
import { FakeApi, providerFor, refusal, urnOf, type Asked, type Reply } from "./fake-api.ts";
import { configMap, types, workload } from "./objects.ts";

/** A DaemonSet's status with these counts. */
function daemonSet(counts: Record<string, number>): Reply {
  const body = workload("DaemonSet", "d");
  return {
    code: 200,
    body: {
      ...body,
      metadata: { name: "d", namespace: "default", generation: 1, uid: "1" },
      status: { observedGeneration: 1, ...counts },
    },
  };
}

const all = {
  desiredNumberScheduled: 2,
  currentNumberScheduled: 2,
  updatedNumberScheduled: 2,
  numberReady: 2,
  numberAvailable: 2,
};

describe("the Kubernetes provider stand-in: an API server in trouble, or one that refuses", function () {
  this.timeout(20_000);
  let api: FakeApi;

  beforeEach(async () => {
    api = await FakeApi.start();
  });

  afterEach(async () => {
    await api.stop();
  });

  const inputs = configMap("x", { a: "1" });

  it("creates with one request, under the name that updates take over from", async () => {
    api.answer(({ body }) => ({ code: 201, body }));
    const { state } = await providerFor({ kubeconfig: api.kubeconfig }).create(
      urnOf(types.configMap),
      inputs,
      0,
    );
    assert.deepEqual(
      api.asked.map(({ method, path, query }) => `${method} ${path} ${query.get("fieldManager")}`),
      ["POST /api/v1/namespaces/default/configmaps pulumi-kubernetes"],
    );
    assert.match(state["__fieldManager"] as string, /^pulumi-kubernetes-[0-9a-f]{8}$/);
    assert.deepEqual(state["__inputs"], inputs);
  });

  it("previews with the inputs where it may not ask the server", async () => {
    const provider = providerFor({ kubeconfig: api.kubeconfig });
    api.answer(({ method }) =>
      method === "GET" ? { code: 200, body: inputs } : refusal(403, "Forbidden", "you may not"),
    );
    assert.deepEqual(await provider.previewCreate(urnOf(types.configMap), inputs), inputs);
    const update = provider.previewUpdate(urnOf(types.configMap), "default/x", {}, inputs, []);
    assert.deepEqual(await update, inputs);
  });

  for (const [code, reason, message] of [
    [409, "AlreadyExists", 'configmaps "x" already exists'],
    [422, "Invalid", "spec.clusterIPs[0]: Invalid value: may not change once set"],
    [422, "Invalid", "spec.selector: Invalid value: field is immutable"],
  ] as const) {
    it(`previews a replacement whose old object is in the way (${message})`, async () => {
      api.answer(() => refusal(code, reason, message));
      for (const upsertExistingObjects of [false, true]) {
        const provider = providerFor({ kubeconfig: api.kubeconfig, upsertExistingObjects });
        assert.deepEqual(await provider.previewCreate(urnOf(types.configMap), inputs), inputs);
      }
    });
  }

  it("shows every other refusal in a preview", async () => {
    api.answer(() => refusal(422, "Invalid", "data: Too long"));
    const preview = providerFor({ kubeconfig: api.kubeconfig }).previewCreate(urnOf(types.configMap), inputs);
    await assert.rejects(preview, /data: Too long/);
  });

  it("goes on waiting when the API server fails for a while", async () => {
    const replies = [
      daemonSet({ ...all, numberReady: 0 }),
      refusal(500, "InternalError", "etcdserver: leader changed"),
      refusal(503, "ServiceUnavailable", "starting"),
      daemonSet(all),
    ];
    api.answer(() => (replies.length > 1 ? replies.shift()! : replies[0]!));
    const provider = providerFor({ kubeconfig: api.kubeconfig });
    const { id } = await provider.create(urnOf(types.daemonSet), workload("DaemonSet", "d"), 10);
    assert.equal(id, "default/d");
  });

  it("ends a wait at its limit when the API server stays in trouble, and says so", async () => {
    const replies = [daemonSet({ ...all, numberReady: 0 })];
    api.answer(() => replies.shift() ?? refusal(500, "InternalError", "no quorum"));
    const provider = providerFor({ kubeconfig: api.kubeconfig });
    await assert.rejects(
      provider.create(urnOf(types.daemonSet), workload("DaemonSet", "d"), 1),
      (error: Error & { reasons?: string[] }) => (error.reasons ?? []).join("\n").includes("no quorum"),
    );
  });

  it("waits for a deletion through a failing API server", async () => {
    const replies = [
      { code: 200, body: { ...inputs, metadata: { name: "x", uid: "1" } } },
      { code: 200, body: {} },
      refusal(500, "InternalError", "etcdserver: leader changed"),
      refusal(404, "NotFound", "gone"),
    ];
    api.answer(() => replies.shift()!);
    await providerFor({ kubeconfig: api.kubeconfig }).delete(
      urnOf(types.configMap),
      "default/x",
      {},
      inputs,
      5,
    );
    assert.equal(replies.length, 0);
  });

  for (const [count, words] of [
    ["currentNumberScheduled", /1 of 2 nodes have a pod/],
    ["numberAvailable", /1 of 2 pods are available/],
    ["numberReady", /1 of 2 pods are ready/],
    ["updatedNumberScheduled", /1 of 2 pods are of the new revision/],
  ] as const) {
    it(`does not take a DaemonSet for ready whose ${count} falls short`, async () => {
      api.answer(({ path }) =>
        path.includes("daemonsets") ? daemonSet({ ...all, [count]: 1 }) : { code: 200, body: { items: [] } },
      );
      await assert.rejects(
        providerFor({ kubeconfig: api.kubeconfig }).create(
          urnOf(types.daemonSet),
          workload("DaemonSet", "d"),
          0.05,
        ),
        (error: Error & { reasons?: string[] }) => words.test((error.reasons ?? []).join("\n")),
      );
    });
  }

  it("waits a minute for a missing namespace, less when told so, and ends at once when cancelled", async () => {
    api.answer(() => ({
      code: 404,
      body: {
        kind: "Status",
        code: 404,
        reason: "NotFound",
        message: 'namespaces "default" not found',
        details: { kind: "namespaces" },
      },
    }));
    for (const [seconds, env] of [
      [60, {}],
      [7, { GPU_ZONES_STAND_IN_KIND_RETRY_SECONDS: "7" }],
    ] as const) {
      let now = 0;
      const clock = {
        now: () => now,
        pause: (milliseconds: number) => {
          now += milliseconds;
          return Promise.resolve();
        },
      };
      const provider = providerFor({ kubeconfig: api.kubeconfig }, env, clock);
      await assert.rejects(
        provider.create(urnOf(types.configMap), inputs, 0),
        /namespaces "default" not found/,
      );
      assert.equal(now, seconds * 1000);
    }
    const stopped = { now: () => 0, pause: () => Promise.reject(new CancelledError()) };
    const provider = providerFor({ kubeconfig: api.kubeconfig }, {}, stopped);
    await assert.rejects(provider.create(urnOf(types.configMap), inputs, 0), /cancelled/);
  });

  it("does not overwrite what others wrote while it takes over a manager's fields", async () => {
    const live = (resourceVersion: string) => ({
      ...inputs,
      metadata: {
        name: "x",
        namespace: "default",
        resourceVersion,
        managedFields: [{ manager: "pulumi-kubernetes", operation: "Update", fieldsV1: { "f:data": {} } }],
      },
    });
    let version = 1;
    const answer = ({ method, body, query }: Asked): Reply => {
      if (method === "GET") return { code: 200, body: live(String(version)) };
      if (query.has("fieldManager")) return { code: 200, body: live("9") };
      const said = JSON.stringify(body);
      if (version === 1) version = 2;
      else assert.match(said, /"path":"\/metadata\/resourceVersion","value":"2"/);
      return said.includes('"value":"1"')
        ? refusal(409, "Conflict", "was modified")
        : { code: 200, body: live("3") };
    };
    api.answer(answer);
    await providerFor({ kubeconfig: api.kubeconfig }).update(
      urnOf(types.configMap),
      "default/x",
      {},
      inputs,
      [],
      0,
    );
    assert.deepEqual(
      api.asked.map(({ method }) => method),
      ["GET", "PATCH", "GET", "PATCH", "PATCH"],
    );
  });
});
