import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { JsonMap } from "../../../sim/stand-ins/plugin/protobuf.ts";
import { sharedCluster, writeKubeconfig } from "./cluster.ts";
import { configMap, types } from "./objects.ts";
import { ProviderProcess } from "./provider-process.ts";

const inputs = configMap("dark", { a: "1" });
const object = { id: "default/dark", state: { ...inputs, __fieldManager: "pulumi-kubernetes-00000000" } };

describe("the Kubernetes provider stand-in: clusters that cannot be reached", function () {
  this.timeout(30_000);
  let folder: string;
  let silent: Server;
  const ways: { name: string; words: RegExp; file: string; config: JsonMap }[] = [
    {
      name: "refuses connections",
      words: /unreachable: connection refused by https:\/\/127\.0\.0\.1:1\b/,
      file: "refused",
      config: {},
    },
    {
      name: "never answers",
      words: /unreachable: .* did not answer within 0\.5 s \(timeout\)/,
      file: "silent",
      config: { kubeClientSettings: '{"timeout":0.5}' },
    },
    {
      name: "does not know our credentials",
      words: /unreachable: unauthorized/,
      file: "expired",
      config: {},
    },
    {
      name: "has no such context",
      words: /unreachable: context "gone" does not exist/,
      file: "refused",
      config: { context: "gone" },
    },
    {
      name: "is named by two kubeconfigs in one path",
      words: /unreachable: failed to parse kubeconfig/,
      file: "refused:/also",
      config: {},
    },
  ];

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "gpu-zones-dark-"));
    silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const { server } = await sharedCluster();
    await writeKubeconfig(path.join(folder, "refused"), "https://127.0.0.1:1", "t");
    await writeKubeconfig(path.join(folder, "silent"), `https://127.0.0.1:${port}`, "t");
    await writeKubeconfig(path.join(folder, "expired"), server, "no-such-token");
  });

  after(async () => {
    silent.close();
    await rm(folder, { recursive: true, force: true });
  });

  for (const { name, words, file, config } of ways) {
    it(`says so when the cluster ${name}; only previews and differences go on`, async () => {
      const provider = await ProviderProcess.start({ kubeconfig: path.join(folder, file), ...config });
      try {
        assert.equal((await provider.diff(types.configMap, inputs, inputs)).changed, false);
        assert.deepEqual((await provider.create(types.configMap, inputs, { preview: true })).state, inputs);
        assert.deepEqual(await provider.update(types.configMap, object, inputs, { preview: true }), inputs);
        await assert.rejects(provider.create(types.configMap, inputs), words);
        await assert.rejects(provider.update(types.configMap, object, inputs), words);
        await assert.rejects(provider.read(types.configMap, object, inputs), words);
        await assert.rejects(provider.delete(types.configMap, object, inputs), words);
      } finally {
        await provider.end();
      }
    });
  }

  it("skips updates and forgets deleted objects of a lost cluster when told to", async () => {
    const config = {
      kubeconfig: path.join(folder, "refused"),
      skipUpdateUnreachable: "true",
      deleteUnreachable: true,
    };
    const provider = await ProviderProcess.start(config);
    try {
      assert.deepEqual(
        await provider.update(types.configMap, object, configMap("dark", { a: "2" })),
        object.state,
      );
      assert.equal((await provider.read(types.configMap, object, inputs)).id, "");
      await provider.delete(types.configMap, object, inputs);
    } finally {
      await provider.end();
    }
  });

  it("takes the time limit of a request from PULUMI_K8S_CLIENT_TIMEOUT", async () => {
    const provider = await ProviderProcess.start(
      { kubeconfig: path.join(folder, "silent") },
      { PULUMI_K8S_CLIENT_TIMEOUT: "0.3" },
    );
    try {
      await assert.rejects(provider.create(types.configMap, inputs), /within 0\.3 s/);
    } finally {
      await provider.end();
    }
  });

  it("takes a kubeconfig by content, and the operator's own when it is empty", async () => {
    const { kubeconfig } = await sharedCluster();
    const { readFile } = await import("node:fs/promises");
    for (const [config, env] of [
      [{ kubeconfig: await readFile(kubeconfig, "utf8") }, {}],
      [{ kubeconfig: "" }, { KUBECONFIG: `/no/such/file:${kubeconfig}` }],
    ] as const) {
      const provider = await ProviderProcess.start(config, env);
      try {
        assert.equal((await provider.read("kubernetes:core/v1:Namespace", { id: "default" })).id, "default");
      } finally {
        await provider.end();
      }
    }
  });
});
