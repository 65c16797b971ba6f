import assert from "node:assert/strict";
import { appsInOrder, resolveZone } from "../../../plan/config/load.ts";
import type { Zone } from "../../../plan/config/zone.ts";
import { resolve, told } from "./layer-texts.ts";

const FLEET = `hardware:
  t4x1: { product: Tesla-T4, gpusPerNode: 1, os: ubuntu22.04, sharing: { timeSlicing: 4 }, labels: { rack: a } }
appDefaults:
  overlay: bumble
  gpu: { model: Tesla-T4, shared: true }
`;

function zone(texts: Parameters<typeof resolve>[0]): Zone {
  const loaded = resolve(texts);
  assert.deepEqual(told(loaded), []);
  assert.ok(loaded.zone !== undefined);
  return loaded.zone;
}

/** Writers of a value, lowest first. */
function writers({ origins }: Zone, path: string): string[] {
  return origins.chain(path).map(({ layer, line, value }) => `${layer}:${line} ${JSON.stringify(value)}`);
}

describe("a zone made of its layers", () => {
  it("is what its files say over what holds anyway", () => {
    const { name, layers, cluster, gpu, deleteData, site } = zone({
      fleet: "gpu: { mig: { strategy: mixed } }\n",
      dev: "site: dc-1\n",
      "zone-x": "extends: [dev]\n",
    });
    assert.deepEqual(
      { name, layers, cluster, gpu, deleteData, site },
      {
        name: "zone-x",
        layers: ["fleet", "dev"],
        cluster: { context: "zone-x", platform: "kubeadm" },
        gpu: { managed: true, readyTimeout: "30m", release: "26.7", mig: { strategy: "mixed" } },
        deleteData: false,
        site: "dc-1",
      },
    );
  });

  it("goes by another context when it says so", () => {
    assert.equal(zone("cluster: { context: other }\n").cluster.context, "other");
  });

  it("has a pool's class in the pool, the pool's own values on top, and both as writers", () => {
    const loaded = zone({
      fleet: FLEET,
      "zone-x": "nodePools:\n  t4: { hardware: t4x1, nodes: [n1], os: ubuntu24.04, labels: { row: b } }\n",
    });
    assert.deepEqual(loaded.nodePools["t4"], {
      product: "Tesla-T4",
      gpusPerNode: 1,
      os: "ubuntu24.04",
      sharing: { timeSlicing: 4 },
      labels: { rack: "a", row: "b" },
      hardware: "t4x1",
      nodes: ["n1"],
    });
    assert.deepEqual(writers(loaded, "nodePools.t4.os"), ['fleet:2 "ubuntu22.04"', 'zone-x:2 "ubuntu24.04"']);
    assert.deepEqual(writers(loaded, "nodePools.t4.labels.rack"), ['fleet:2 "a"']);
  });

  it("has the defaults of apps in each app, whose name is its namespace", () => {
    const loaded = zone({
      fleet: FLEET,
      "zone-x": "apps:\n  pd: {}\n  td: { overlay: base, namespace: tox }\n  sd:\n",
    });
    const gpu = { model: "Tesla-T4", shared: true, count: 1 };
    assert.deepEqual(loaded.apps, {
      pd: { overlay: "bumble", namespace: "pd", gpu },
      td: { overlay: "base", namespace: "tox", gpu },
      sd: { overlay: "bumble", namespace: "sd", gpu },
    });
    assert.deepEqual(writers(loaded, "apps.td.overlay"), ['fleet:4 "bumble"', 'zone-x:3 "base"']);
    assert.deepEqual(writers(loaded, "apps.pd.overlay"), ['fleet:4 "bumble"']);
  });

  it("has base for an overlay that nobody names", () => {
    assert.equal(zone("apps: { pd: {} }\n").apps["pd"]?.overlay, "base");
  });

  it("keeps no default's writer of a GPU request that the app displaced", () => {
    const loaded = zone({ fleet: FLEET, "zone-x": "apps:\n  pd: { gpu: { mig: 1g.5gb } }\n" });
    assert.deepEqual(loaded.apps["pd"]?.gpu, { mig: "1g.5gb", count: 1 });
    assert.deepEqual(writers(loaded, "apps.pd.gpu.model"), []);
    assert.deepEqual(writers(loaded, "apps.pd.gpu.mig"), ['zone-x:2 "1g.5gb"']);
  });

  it("takes null for none: no GPU whatever appDefaults says, not shared whatever the class says", () => {
    const loaded = zone({
      fleet: FLEET,
      "zone-x":
        "apps: { pd: { gpu: null }, td: }\nnodePools: { a: { hardware: t4x1, nodes: [n1], sharing: null } }\n",
    });
    assert.equal(loaded.apps["pd"]?.gpu, undefined);
    assert.notEqual(loaded.apps["td"]?.gpu, undefined);
    assert.equal(loaded.nodePools["a"]?.sharing, undefined);
  });

  it("knows where a person writes what nobody has written", () => {
    const loaded = zone("site: dc-1\n");
    const { file, line } = loaded.origins.placeFor("cluster.uid") ?? {};
    assert.deepEqual([file, line], ["Pulumi.zone-x.yaml", 1]);
    assert.equal(loaded.origins.nearest("cluster.uid"), undefined);
  });

  it("leaves out an app that a higher layer disabled", () => {
    const loaded = zone({
      prod: "apps: { pd: {}, td: {} }\n",
      "zone-x": "apps: { pd: { enabled: false } }\n",
    });
    assert.deepEqual(Object.keys(loaded.apps), ["td"]);
  });

  it("may have its only app commented out", () => {
    assert.deepEqual(zone("apps:\n  # pd: {}\n").apps, {});
  });

  it("is no zone while anything is wrong, and tells everything: found in files, in values and between them", () => {
    const found = {
      code: "GZ006",
      severity: "error",
      zone: "zone-x",
      path: "extends",
      file: "a",
      line: 1,
    } as const;
    const wrong = { ...found, message: "m", fix: "f" };
    const bad = resolve("apps:\n  a: { after: [a] }\n  b: { after: [c] }\n");
    assert.equal(bad.zone, undefined);
    assert.deepEqual(
      bad.problems.map(({ code }) => code),
      ["GZ206", "GZ206"],
    );
    const layer = {
      name: "zone-x",
      file: "Pulumi.zone-x.yaml",
      root: { kind: "map", line: 1, entries: new Map() },
    } as const;
    const unread = resolveZone("zone-x", [layer], [wrong]);
    assert.deepEqual(unread, { zone: undefined, problems: [wrong] });
  });

  it("may stand beside warnings", () => {
    const loaded = resolve("site: a\n", { "gpu-zones:site": "b" });
    assert.equal(loaded.zone?.site, "b");
    assert.deepEqual(
      loaded.problems.map(({ severity }) => severity),
      ["warning"],
    );
  });
});

describe("the order of a zone's apps", () => {
  it("puts those of after before the apps that name them, and keeps the files' order otherwise", () => {
    const order = appsInOrder(zone("apps: { d: { after: [b] }, c: {}, b: { after: [a] }, a: {}, e: {} }\n"));
    assert.deepEqual(
      order.map(([name]) => name),
      ["a", "b", "d", "c", "e"],
    );
  });
});
