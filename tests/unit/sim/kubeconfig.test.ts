import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parse } from "yaml";
import { openHome, zonePlaces, type SimHome } from "../../../sim/home.ts";
import {
  kubeconfigAccess,
  mergeKubeconfigs,
  writeSharedKubeconfig,
  writeZoneKubeconfig,
  zoneKubeconfig,
} from "../../../sim/kubeconfig.ts";

const access = (port: number) => ({
  server: `https://127.0.0.1:${port}`,
  ca: "-----BEGIN CA\n",
  cert: `cert of ${port}\n`,
  key: `key of ${port}\n`,
});

interface Named {
  contexts: { name: string; context: { cluster: string; user: string } }[];
}

const contextsOf = (text: string) => (parse(text) as Named).contexts.map((context) => context.name);

describe("the kubeconfig of simulated zones", () => {
  let home: SimHome;

  beforeEach(async () => {
    home = await openHome(await mkdtemp(path.join(tmpdir(), "sim-kubeconfig-")));
  });

  afterEach(async () => {
    await rm(home.directory, { recursive: true, force: true });
  });

  async function addZone(name: string, port: number): Promise<void> {
    const places = zonePlaces(home, name);
    await mkdir(places.directory, { recursive: true });
    await writeZoneKubeconfig(places, access(port));
  }

  it("gives back the certificates that it embeds", () => {
    assert.deepEqual(kubeconfigAccess(zoneKubeconfig("zone-1-dev", access(20_001))), access(20_001));
  });

  it("names context, cluster and user as the zone, and chooses no context by itself", () => {
    const config = parse(zoneKubeconfig("zone-1-dev", access(20_001))) as Named & {
      "current-context"?: string;
    };
    assert.deepEqual(config.contexts, [
      { name: "zone-1-dev", context: { cluster: "zone-1-dev", user: "zone-1-dev" } },
    ]);
    assert.equal(config["current-context"], undefined);
  });

  it("holds the contexts of all zones, in alphabetical order, readable by the user alone", async () => {
    await addZone("zone-2-prod", 20_002);
    await addZone("zone-1-dev", 20_001);
    await writeSharedKubeconfig(home);
    assert.deepEqual(contextsOf(await readFile(home.kubeconfig, "utf8")), ["zone-1-dev", "zone-2-prod"]);
    assert.equal((await stat(home.kubeconfig)).mode & 0o777, 0o600);
  });

  it("loses the context of a zone whose directory is gone", async () => {
    await addZone("zone-1-dev", 20_001);
    await addZone("zone-2-prod", 20_002);
    await writeSharedKubeconfig(home);
    await rm(zonePlaces(home, "zone-1-dev").directory, { recursive: true });
    await writeSharedKubeconfig(home);
    assert.deepEqual(contextsOf(await readFile(home.kubeconfig, "utf8")), ["zone-2-prod"]);
  });

  it("is not disturbed by a zone's torn file", () => {
    const good = zoneKubeconfig("zone-1-dev", access(20_001));
    assert.deepEqual(contextsOf(mergeKubeconfigs([good, good.slice(0, 40), "", "[]"])), ["zone-1-dev"]);
  });

  it("sweeps away what a run that was killed while writing has left", async () => {
    await addZone("zone-1-dev", 20_001);
    const torn = `${home.kubeconfig}.123456`;
    await writeFile(torn, "half");
    await writeSharedKubeconfig(home);
    await assert.rejects(stat(torn), { code: "ENOENT" });
  });

  it("refuses a kubeconfig that is none of ours, and says what to do", () => {
    assert.throws(() => kubeconfigAccess("apiVersion: v1"), /run zones sim up again/);
  });
});
