import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { parse } from "yaml";
import type { Binaries } from "../../../sim/binaries.ts";
import { kwokctlConfig, movePorts } from "../../../sim/control-plane.ts";
import { simVariables } from "../../../sim/environment.ts";
import { openHome, simHome, zonePlaces, type SimHome, type ZonePlaces } from "../../../sim/home.ts";
import { withLock } from "../../../sim/lock.ts";
import { chooseZonePorts, takenPorts } from "../../../sim/ports.ts";
import { componentOf, simulatorArgument } from "../../../sim/processes.ts";
import { readZoneRecord } from "../../../sim/zone-record.ts";

describe("where a simulated zone lives", () => {
  let home: SimHome;

  before(async () => {
    home = await openHome(await mkdtemp(path.join(tmpdir(), "sim home-")));
  });

  after(async () => {
    await rm(home.directory, { recursive: true, force: true });
  });

  it("is .sim in the repository unless GPU_ZONES_SIM_HOME says otherwise", () => {
    assert.equal(simHome("/repo", {}), "/repo/.sim");
    assert.equal(simHome("/repo", { GPU_ZONES_SIM_HOME: "/elsewhere" }), "/elsewhere");
    assert.equal(simHome("/repo", { GPU_ZONES_SIM_HOME: "near" }), "/repo/near");
  });

  it("is never outside the home, whatever the zone is called", () => {
    for (const name of ["../outside", "/etc", "", ".", "..", "a/b", "-rf"]) {
      assert.throws(() => zonePlaces(home, name), /wanted a zone's name/, name);
    }
  });

  it("has no record when there is none", async () => {
    assert.equal(await readZoneRecord(zonePlaces(home, "zone-9")), undefined);
  });

  it("is told to Pulumi and kubectl by the environment", () => {
    const zones = [
      { name: "zone-1-dev", uid: "u1" },
      { name: "zone-2-prod", uid: undefined },
      { name: "zone-3-prod", uid: "u3" },
    ];
    const { PULUMI_CONFIG_PASSPHRASE: passphrase, ...rest } = simVariables(home, zones);
    assert.deepEqual(rest, {
      PULUMI_BACKEND_URL: `file://${home.directory}/backend`,
      PULUMI_HOME: `${home.directory}/pulumi-home`,
      PULUMI_RUN_PROGRAM: "true",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      KUBECONFIG: `${home.directory}/kubeconfig`,
      GPU_ZONES_SIM_UIDS: "zone-1-dev=u1,zone-3-prod=u3",
    });
    assert.ok(passphrase);
  });

  describe("its processes", () => {
    it("are known by where their binary lies", () => {
      const places = zonePlaces(home, "zone-1-dev");
      assert.equal(componentOf(places, `${places.cluster}/bin/etcd --data-dir=x`), "etcd");
      assert.equal(componentOf(places, `${places.cluster}/bin/kube-apiserver`), "kube-apiserver");
      assert.equal(componentOf(places, simulatorCommand(places)), "simulator");
      assert.equal(componentOf(places, `/opt/kwokctl --config=${places.kwokctlConfig} --name x`), "kwokctl");
    });

    const simulatorCommand = (places: ZonePlaces): string =>
      `/usr/bin/node --import file:///tsx.mjs /repo/sim/gpu-simulator/main.ts ${simulatorArgument(places)}`;

    it("are not those of a zone whose name begins alike, nor a person's that reads the zone's files", () => {
      const places = zonePlaces(home, "zone-1");
      const other = zonePlaces(home, "zone-1-dev");
      for (const command of [
        `${other.cluster}/bin/etcd`,
        simulatorCommand(other),
        `pgrep -f -- ${simulatorArgument(places)}`,
        `pgrep -f ${simulatorCommand(places)}`,
        `/usr/bin/vim sim/gpu-simulator/main.ts ${simulatorArgument(places)}`,
        `grep -r kwokctl --config=${places.kwokctlConfig} x`,
        `tail -f ${places.simulatorLog}`,
        `vim ${places.cluster}/kwok.yaml`,
        `kubectl --kubeconfig ${places.kubeconfig} get nodes -w`,
        "",
      ]) {
        assert.equal(componentOf(places, command), undefined, command);
      }
    });
  });

  describe("its ports", () => {
    it("are six different ones that neither another zone nor a listener has", async () => {
      const first = await chooseZonePorts(new Set(), 20_100);
      const second = await chooseZonePorts(new Set(Object.values(first)), 20_100);
      assert.equal(new Set([...Object.values(first), ...Object.values(second)]).size, 12);
    });

    it("are looked for from the start again behind the last one", async () => {
      const ports = Object.values(await chooseZonePorts(new Set(), 31_998));
      assert.ok(ports.every((port) => port >= 20_000 && port <= 31_999));
    });

    it("are known to be taken while somebody listens", async () => {
      const server = await listen();
      try {
        const { port } = server.address() as AddressInfo;
        const free = await chooseZonePorts(new Set(), 25_000);
        assert.deepEqual(await takenPorts({ ...free, etcd: port }), [port]);
      } finally {
        server.close();
      }
    });
  });

  describe("its control plane's configuration", () => {
    const tool = (name: string) => ({ name, version: "1.0.0", path: `/tools/${name}`, origin: "built" });
    const binaries = Object.fromEntries(
      [
        "kwokctl",
        "kwok",
        "etcd",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kubectl",
      ].map((name) => [name, tool(name)]),
    ) as unknown as Binaries;

    it("moves to other ports and keeps everything else, also after a run that died half-way", async () => {
      const places = zonePlaces(home, "zone-1-dev");
      const before = await chooseZonePorts(new Set(), 20_100);
      const after = await chooseZonePorts(new Set(Object.values(before)), 20_100);
      const spec = (ports: typeof before) =>
        `args: [--listen=https://127.0.0.1:${ports.etcd}, --size=1${ports.etcd}]\nport: ${ports.apiServer}\n`;
      await mkdir(places.cluster, { recursive: true });
      const file = path.join(places.cluster, "kwok.yaml");
      await writeFile(file, spec(before));
      await writeFile(places.kwokctlConfig, kwokctlConfig(binaries, before));
      await movePorts(places, after);
      const moved = spec(after).replace(`1${after.etcd}]`, `1${before.etcd}]`);
      assert.equal(await readFile(file, "utf8"), moved);
      assert.equal(await readFile(places.kwokctlConfig, "utf8"), kwokctlConfig(binaries, after));
      await writeFile(places.kwokctlConfig, kwokctlConfig(binaries, before));
      await movePorts(places, after);
      assert.equal(await readFile(file, "utf8"), moved);
      assert.equal(await readFile(places.kwokctlConfig, "utf8"), kwokctlConfig(binaries, after));
    });

    it("names every binary, so that nothing is downloaded, and binds to loopback", async () => {
      const ports = await chooseZonePorts(new Set());
      const config = parse(kwokctlConfig(binaries, ports)) as { options: Record<string, string | number> };
      assert.equal(config.options["bindAddress"], "127.0.0.1");
      const named = Object.values(config.options).filter((value) => String(value).startsWith("/tools/"));
      assert.equal(named.length, 6);
      assert.equal(config.options["kubeApiserverPort"], ports.apiServer);
    });
  });

  describe("its lock", () => {
    it("lets one run in at a time, and says that it waits", async () => {
      const file = path.join(home.directory, "locks", "test");
      const lines: string[] = [];
      const order: string[] = [];
      const first = withLock(
        file,
        "the zone",
        () => undefined,
        async () => {
          order.push("first in");
          await new Promise((wake) => setTimeout(wake, 150));
          order.push("first out");
        },
      );
      await until(() => order.length === 1);
      const second = withLock(
        file,
        "the zone",
        (line) => lines.push(line),
        () => {
          order.push("second in");
          return Promise.resolve();
        },
      );
      await Promise.all([first, second]);
      assert.deepEqual(order, ["first in", "first out", "second in"]);
      assert.equal(lines.length, 1);
      assert.match(lines[0] ?? "", /^waiting for another run that holds the zone/);
    });

    it("is not waited for any longer when the run is interrupted", async () => {
      const file = path.join(home.directory, "locks", "interrupted");
      const interrupted = new AbortController();
      const second = (): Promise<void> =>
        withLock(
          file,
          "it",
          () => {
            interrupted.abort(new Error("Ctrl-C"));
          },
          () => Promise.resolve(assert.fail("it was never had")),
          interrupted.signal,
        );
      await withLock(
        file,
        "it",
        () => undefined,
        () => assert.rejects(second(), { message: "Ctrl-C" }),
      );
    });

    it("is free again when the work fails", async () => {
      const file = path.join(home.directory, "locks", "failing");
      const fail = () => Promise.reject(new Error("no"));
      await assert.rejects(
        withLock(file, "it", () => undefined, fail),
        /no/,
      );
      assert.equal(
        await withLock(
          file,
          "it",
          () => undefined,
          () => Promise.resolve(1),
        ),
        1,
      );
    });
  });
});

async function listen(): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return server;
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 2000;
  while (!condition()) {
    if (Date.now() > end) throw new Error("waited 2 s in vain");
    await new Promise((wake) => setTimeout(wake, 5));
  }
}
