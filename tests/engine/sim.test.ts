import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { clusterUid, openApiServer, type ApiServer } from "../../sim/api-server.ts";
import { findBinaries } from "../../sim/binaries.ts";
import { COMPONENTS } from "../../sim/control-plane.ts";
import { simVariables } from "../../sim/environment.ts";
import { openHome, zonePlaces, type SimHome } from "../../sim/home.ts";
import { deleteNode } from "../../sim/nodes.ts";
import { endProcesses, zoneProcesses } from "../../sim/processes.ts";
import { findTool } from "../../tools/find.ts";
import { simDown, simStatus, simUp, withStackInit, type SimZone } from "../../sim/zone.ts";
import { DAEMON_SETS, gpuObjects, gpuPod, type Placed } from "./sim/gpu-objects.ts";
import { DEV, FOREIGN } from "./sim/zones.ts";

const run = promisify(execFile);
const UP_RUN = fileURLToPath(new URL("sim/up-run.ts", import.meta.url));
const STACK = "# as a person wrote it\nconfig:\n  gpu-zones:extends: [dev]   # two spaces\n";
const EVERYTHING = [...COMPONENTS, "simulator"].toSorted();

describe("a simulated zone", function () {
  this.timeout(90_000);

  let home: SimHome;
  let repository: string;
  let stackFile: string;
  let zone: SimZone;
  const lines: string[] = [];
  const log = (line: string): void => {
    lines.push(line);
  };

  before(async function () {
    // A machine without the binaries builds them once.
    this.timeout(20 * 60_000);
    await findBinaries(log);
    repository = await mkdtemp(path.join(tmpdir(), "sim engine-"));
    stackFile = path.join(repository, `Pulumi.${DEV.name}.yaml`);
    await writeFile(stackFile, STACK);
    home = await openHome(path.join(repository, ".sim"));
  });

  after(async () => {
    for (const { name } of [DEV, FOREIGN]) {
      await simDown(name, { home: home.directory, log });
      assert.deepEqual(await zoneProcesses(zonePlaces(home, name)), []);
    }
    await rm(repository, { recursive: true, force: true });
  });

  const places = () => zonePlaces(home, DEV.name);
  const up = (absentNodes: string[] = []) =>
    simUp(DEV, { repository, home: home.directory, log, absentNodes });
  /** The labeller comes and goes with the objects that are applied. */
  const components = async () =>
    (await zoneProcesses(places()))
      .map((each) => each.component)
      .filter((component) => component !== "labeller")
      .toSorted();
  const statusOf = async (name: string) =>
    (await simStatus({ home: home.directory })).find((each) => each.name === name);

  async function withApi<T>(work: (api: ApiServer) => Promise<T>, kubeconfig = zone.kubeconfig): Promise<T> {
    const api = await openApiServer(kubeconfig);
    try {
      return await work(api);
    } finally {
      await api.close();
    }
  }

  const apply = (objects: readonly Placed[]) =>
    withApi(async (api) => {
      for (const { path: at, object } of objects) await api.create(at, object);
    });

  const gpusOf = (node: string, kubeconfig?: string) =>
    withApi(async (api) => {
      const live = await api.find<{ status: { allocatable: Record<string, string> } }>(
        `/api/v1/nodes/${node}`,
      );
      const resources = Object.entries(live?.status.allocatable ?? {});
      return Object.fromEntries(resources.filter(([name]) => name.startsWith("nvidia.com/")));
    }, kubeconfig);

  const labelOf = (node: string, key: string) =>
    withApi(async (api) => {
      const live = await api.find<{ metadata: { labels: Record<string, string> } }>(`/api/v1/nodes/${node}`);
      return live?.metadata.labels[key];
    });

  interface Pod {
    spec: { nodeName?: string };
    status: { phase: string; conditions?: { type: string; reason?: string }[] };
  }
  const pod = (name: string) => withApi((api) => api.get<Pod>(`/api/v1/namespaces/default/pods/${name}`));

  it("comes up, with its nodes Ready and a simulator beside them", async () => {
    zone = await up();
    assert.equal(zone.state, "running");
    assert.deepEqual(zone.nodes, ["ds-node1", "ds-node2", "ds-node3", "cpu-1"]);
    assert.deepEqual(await components(), EVERYTHING);
    assert.equal(zone.uid, await withApi(clusterUid));
  });

  it("is left alone by a second up", async () => {
    assert.deepEqual(await up(), zone);
  });

  it("listens on loopback alone", async function () {
    if (process.platform !== "linux") this.skip();
    const { stdout } = await run("ss", ["-ltnpH"]);
    const pids = Object.values(zone.pids);
    const own = stdout.split("\n").filter((line) => pids.some((pid) => line.includes(`pid=${pid},`)));
    assert.equal(own.length, 6, stdout);
    for (const line of own) assert.match(line.split(/\s+/)[3] ?? "", /^127\.0\.0\.1:\d+$/);
  });

  it("is reached by kubectl through the shared kubeconfig, by its name", async () => {
    const { kubectl } = await findBinaries(log);
    const env = simVariables(home, [zone]);
    const args = ["--context", DEV.name, "get", "ns", "kube-system", "-o", "jsonpath={.metadata.uid}"];
    const { stdout } = await run(kubectl.path, args, { env: { ...env, HOME: home.directory } });
    assert.equal(stdout, zone.uid);
    assert.equal(env["GPU_ZONES_SIM_UIDS"], `${DEV.name}=${stdout}`);
    assert.equal((await stat(home.kubeconfig)).mode & 0o777, 0o600);
  });

  it("offers no GPU while nothing is applied", async () => {
    for (const node of zone.nodes) assert.deepEqual(await gpusOf(node), {});
  });

  it("offers what the applied objects say, and real pods are scheduled onto it", async () => {
    await apply(gpuObjects(DEV));
    await until(async () => {
      assert.deepEqual(await gpusOf("ds-node1"), { "nvidia.com/gpu": "0", "nvidia.com/mig-1g.5gb": "7" });
      assert.deepEqual(await gpusOf("ds-node2"), { "nvidia.com/gpu": "4" });
      assert.deepEqual(await gpusOf("ds-node3"), { "nvidia.com/gpu": "4" });
    });
    assert.deepEqual(await gpusOf("cpu-1"), {});
    assert.equal(await labelOf("ds-node1", "nvidia.com/mig.config.state"), "success");

    await apply([
      gpuPod("on-t4", "nvidia.com/gpu", "Tesla-T4-SHARED"),
      gpuPod("on-nothing", "nvidia.com/gpu", "NVIDIA-H100-PCIe"),
    ]);
    await until(async () => {
      assert.equal((await pod("on-t4")).status.phase, "Running");
    });
    assert.match((await pod("on-t4")).spec.nodeName ?? "", /^ds-node[23]$/);
    await until(async () => {
      const { conditions } = (await pod("on-nothing")).status;
      assert.ok(conditions?.some((each) => each.type === "PodScheduled" && each.reason === "Unschedulable"));
    });
  });

  it("has its node back, GPUs and labels with it, after the node was lost", async () => {
    await withApi((api) => deleteNode(api, "ds-node2"));
    await up();
    await until(async () => {
      assert.deepEqual(await gpusOf("ds-node2"), { "nvidia.com/gpu": "4" });
    });
    assert.equal(await labelOf("ds-node2", "gpu-zones.dev/pool"), "t4");
  });

  it("can lack a node that its pools declare", async () => {
    const without = await up(["ds-node3"]);
    assert.deepEqual(without.nodes, ["ds-node1", "ds-node2", "cpu-1"]);
    const gone = await withApi((api) => api.find("/api/v1/nodes/ds-node3"));
    assert.equal(gone, undefined);
    await up();
  });

  it("shows empty GPUs when the device plugin is taken away", async () => {
    await withApi((api) => api.delete(`${DAEMON_SETS}/nvidia-device-plugin-daemonset`));
    await until(async () => {
      assert.deepEqual(await gpusOf("ds-node1"), { "nvidia.com/gpu": "0", "nvidia.com/mig-1g.5gb": "0" });
    });
    // GPU Feature Discovery tells what is there, whether or not somebody offers it.
    assert.equal(await labelOf("ds-node1", "nvidia.com/gpu.product"), "NVIDIA-A100-PCIE-40GB");
  });

  it("is broken without its simulator, and healed by the next up", async () => {
    await endProcesses(places(), new Set(["simulator", "kube-scheduler"]));
    assert.equal((await statusOf(DEV.name))?.state, "broken");
    const healed = await up();
    assert.equal(healed.state, "running");
    assert.equal(healed.uid, zone.uid);
    assert.equal(healed.pids["etcd"], zone.pids["etcd"]);
  });

  it("is the same cluster again after a reboot, whoever has its old process ids now", async () => {
    await endProcesses(places());
    assert.equal((await statusOf(DEV.name))?.state, "stopped");
    const stranger = spawn("sleep", ["60"]);
    try {
      await writeFile(path.join(places().cluster, "pids", "etcd.pid"), String(stranger.pid));
      const again = await up();
      assert.equal(again.uid, zone.uid);
      assert.deepEqual(await components(), EVERYTHING);
      assert.equal(stranger.exitCode ?? stranger.signalCode, null);
      assert.notEqual(await labelOf("ds-node1", "gpu-zones.dev/pool"), undefined);
    } finally {
      stranger.kill();
    }
  });

  it("is the same cluster on other ports when somebody has taken one of its own meanwhile", async () => {
    await endProcesses(places());
    const stranger = createServer();
    const port = Number(new URL(zone.server).port);
    await until(
      () =>
        new Promise<void>((resolve, reject) => {
          stranger.once("error", reject);
          stranger.listen(port, "127.0.0.1", resolve);
        }),
    );
    try {
      const moved = await up();
      assert.equal(moved.uid, zone.uid);
      assert.equal(moved.state, "running");
      assert.notEqual(moved.server, zone.server);
      assert.notEqual(await labelOf("ds-node1", "gpu-zones.dev/pool"), undefined);
      zone = moved;
    } finally {
      stranger.close();
    }
  });

  it("is waited for, and keeps its processes, when its API server is slow to answer", async function () {
    if (process.platform === "win32") this.skip();
    const { "kube-apiserver": apiServer = 0, etcd } = zone.pids;
    const before = lines.length;
    process.kill(apiServer, "SIGSTOP");
    try {
      const going = up();
      await until(() => {
        assert.ok(lines.slice(before).some((line) => line.includes("runs and does not answer yet")));
        return Promise.resolve();
      });
      process.kill(apiServer, "SIGCONT");
      const again = await going;
      assert.equal(again.uid, zone.uid);
      assert.equal(again.pids["kube-apiserver"], apiServer);
      assert.equal(again.pids["etcd"], etcd);
    } finally {
      process.kill(apiServer, "SIGCONT");
    }
  });

  it("ends its own start when it is interrupted, and nothing is left of what it created", async () => {
    await simDown(DEV.name, { home: home.directory, log });
    const interrupted = new AbortController();
    const going = simUp(DEV, { repository, home: home.directory, log, signal: interrupted.signal });
    await Promise.all([
      assert.rejects(going, { message: "Ctrl-C" }),
      until(async () => {
        assert.ok((await components()).includes("etcd"));
      }).then(() => {
        interrupted.abort(new Error("Ctrl-C"));
      }),
    ]);
    assert.deepEqual(await components(), []);
    await assert.rejects(stat(places().directory), { code: "ENOENT" });
    zone = await up();
  });

  it("is a new cluster, and its stack's state is gone, when the old data do not start", async () => {
    const state = path.join(home.backend, ".pulumi", "stacks", "gpu-zones", `${DEV.name}.json`);
    await mkdir(path.dirname(state), { recursive: true });
    await writeFile(state, "{}");
    await writeFile(stackFile, `${STACK}encryptionsalt: v1:abc\n`);
    await endProcesses(places());
    await rm(path.join(places().cluster, "etcd"), { recursive: true });
    const anew = await up();
    assert.equal(anew.state, "running");
    assert.notEqual(anew.uid, zone.uid);
    await assert.rejects(stat(state), { code: "ENOENT" });
    zone = anew;
  });

  it("is one cluster when two runs bring it up at once", async () => {
    await simDown(DEV.name, { home: home.directory, log });
    const [one, other] = await Promise.all([up(), up()]);
    assert.equal(one.uid, other.uid);
    assert.deepEqual(await components(), EVERYTHING);
    zone = one;
  });

  for (const [moment, seen] of [
    ["before its cluster has a process", (all: string[]) => all.includes("kwokctl")],
    ["while its control plane starts", (all: string[]) => all.includes("kube-apiserver")],
    [
      "before its simulator is there",
      (all: string[]) => all.includes("kwok-controller") && !all.includes("kwokctl"),
    ],
  ] as const) {
    it(`comes up after an up that was killed ${moment}`, async () => {
      await simDown(DEV.name, { home: home.directory, log });
      const child = spawn(process.execPath, ["--import", "tsx", UP_RUN, repository, home.directory]);
      await until(async () => {
        assert.ok(seen(await components()));
      });
      child.kill("SIGKILL");
      zone = await up();
      assert.equal(zone.state, "running");
      assert.deepEqual(await components(), EVERYTHING);
    });
  }

  it("does not disturb another one, whose GPUs somebody else drives", async () => {
    const other = await simUp(FOREIGN, { repository, home: home.directory, log });
    await until(async () => {
      assert.deepEqual(await gpusOf("f-1", other.kubeconfig), { "nvidia.com/gpu": "2" });
    });
    const both = await simStatus({ home: home.directory });
    assert.deepEqual(
      both.map(({ name, state }) => [name, state]),
      [
        [DEV.name, "running"],
        [FOREIGN.name, "running"],
      ],
    );
    await simDown(FOREIGN.name, { home: home.directory, log });
    assert.equal((await statusOf(DEV.name))?.state, "running");
    assert.ok(!(await readFile(home.kubeconfig, "utf8")).includes(FOREIGN.name));
  });

  it("leaves nothing behind when it goes down, twice, whatever Pulumi wrote meanwhile", async () => {
    const { path: pulumi } = await findTool("pulumi", { log });
    const env = { ...simVariables(home, [zone]), PATH: process.env["PATH"], HOME: home.directory };
    await writeFile(path.join(repository, "Pulumi.yaml"), "name: gpu-zones\nruntime: nodejs\n");
    await withStackInit(DEV.name, { home: home.directory, log }, async () => {
      await run(pulumi, ["stack", "init", DEV.name, "--non-interactive"], { cwd: repository, env });
    });
    assert.match(await readFile(stackFile, "utf8"), /^encryptionsalt: /m);
    const state = path.join(home.backend, ".pulumi", "stacks", "gpu-zones", `${DEV.name}.json`);
    assert.ok((await stat(state)).isFile());
    for (const time of ["first", "second"]) {
      await simDown(DEV.name, { home: home.directory, log });
      assert.deepEqual(await zoneProcesses(places()), [], time);
      await assert.rejects(stat(places().directory), { code: "ENOENT" });
      await assert.rejects(stat(state), { code: "ENOENT" });
      assert.equal(await readFile(stackFile, "utf8"), STACK);
      assert.ok(!(await readFile(home.kubeconfig, "utf8")).includes(DEV.name));
    }
    assert.deepEqual(await simStatus({ home: home.directory }), []);
  });
});

/** Polls until the assertions hold; after 20 s the last failure is the test's. */
async function until(check: () => Promise<void>): Promise<void> {
  const end = Date.now() + 20_000;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await new Promise((wake) => setTimeout(wake, 50));
  }
}
