import assert from "node:assert/strict";
import { parse } from "yaml";
import { kept, type Earlier } from "../../../components/kept.ts";
import { poolEntry } from "../../../components/operands/device-plugin-config.ts";
import { migConfigName } from "../../../components/operands/mig-config.ts";
import { migManager } from "../../../components/operands/mig-manager.ts";
import { objectsOf } from "../../../components/operands/operands.ts";
import type { KubernetesObject } from "../../../plan/object.ts";
import { operandNames, plannedOperand, type Plan } from "../../../plan/plan.ts";
import { planned, type PlannedObject } from "../../../plan/planned-object.ts";
import { zoneOf } from "../sim/zone-builder.ts";

const ZONE = zoneOf({ t4: { product: "Tesla-T4", nodes: ["n1"], sharing: { timeSlicing: 2 } } });
const NOW = poolEntry(ZONE, "t4", ZONE.nodePools["t4"]!)!.name;

function configMap(name: string, data: Record<string, string>): KubernetesObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "gpu-operator" }, data };
}

function driver(version: string): PlannedObject {
  return planned("driver", {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: `nvidia-driver-${version}-ubuntu22.04`, namespace: "gpu-operator" },
    spec: {
      template: {
        metadata: { labels: { "app.kubernetes.io/component": "nvidia-driver" } },
        spec: { nodeSelector: { "gpu-zones.dev/driver": version }, containers: [] },
      },
    },
  });
}

function planOf(...objects: PlannedObject[]): Plan {
  return { zone: ZONE, objects, findings: [], digest: "sha256:0" };
}

const earlier = (...objects: PlannedObject[]): Earlier =>
  new Map(objects.map(({ id, object }) => [id, object]));
const named = (labels: Record<string, string>) => [{ labels }];
const ids = (plan: Plan): string[] => plan.objects.map(({ id }) => id);

describe("what nodes still name of the last update", () => {
  const plugin = (data: Record<string, string>): PlannedObject =>
    planned("device-plugin", configMap("nvidia-device-plugin-config", data));
  const before = earlier(plugin({ default: "old default", "t4-old": "four", "t4-older": "eight" }));
  const plan = planOf(plugin({ default: "default", [NOW]: "two" }));
  const dataOf = ({ objects }: Plan): unknown => objects[0]?.object["data"];

  it("is the entries of the device plugin's configuration that labels name; the others go", () => {
    const label = { "nvidia.com/device-plugin.config": "t4-old" };
    assert.deepEqual(dataOf(kept(plan, named(label), before)), {
      default: "default",
      [NOW]: "two",
      "t4-old": "four",
    });
  });

  it("is all of them where nobody could ask the nodes, and none where no node is left", () => {
    assert.deepEqual(dataOf(kept(plan, undefined, before)), {
      default: "default",
      [NOW]: "two",
      "t4-old": "four",
      "t4-older": "eight",
    });
    assert.deepEqual(kept(plan, [], before), plan);
  });

  it("is never an older content of a name that the plan has, and leaves the digest that of the files", () => {
    const label = { "nvidia.com/device-plugin.config": "default" };
    assert.deepEqual(kept(plan, named(label), before), plan);
    assert.equal(kept(plan, undefined, before).digest, plan.digest);
  });

  it("is nothing on the first update", () => {
    assert.deepEqual(kept(plan, undefined, new Map()), plan);
  });

  it("is the MIG layouts that labels name, inside mig-parted's file", () => {
    const file = (...names: string[]): PlannedObject =>
      planned(
        "mig-manager",
        configMap("custom-mig-parted-config", {
          "config.yaml": JSON.stringify({
            version: "v1",
            "mig-configs": Object.fromEntries(names.map((name) => [name, [{ devices: "all" }]])),
          }),
        }),
      );
    const label = { "nvidia.com/mig.config": "a100-old" };
    const { objects } = kept(planOf(file("a100-new")), named(label), earlier(file("a100-old", "a100-older")));
    const data = objects[0]?.object["data"] as Record<string, string>;
    const layouts = (parse(data["config.yaml"]!) as { "mig-configs": object })["mig-configs"];
    assert.deepEqual(Object.keys(layouts), ["a100-new", "a100-old"]);
  });

  describe("of MIG layouts, where the last of the zone's own goes", () => {
    const board = { product: "NVIDIA-A100-PCIE-40GB", nodes: ["n1"] };
    const planWith = (mig: string | Record<string, number>): Plan => {
      const zone = zoneOf({ a100: { ...board, mig } });
      return { ...planOf(...plannedOperand(zone, objectsOf(zone, migManager))), zone };
    };
    const own = planWith({ "3g.20gb": 1, "2g.10gb": 2 });
    const standard = planWith("all-1g.5gb");
    const before = earlier(...own.objects);
    const layout = migConfigName("a100", own.zone.nodePools["a100"]!)!;
    const layoutsOf = ({ objects }: Plan): string[] => {
      const file = objects.find(({ object }) => object.metadata.name === "custom-mig-parted-config");
      const text = ((file?.object["data"] ?? {}) as Record<string, string>)["config.yaml"] ?? "{}";
      return Object.keys((parse(text) as { "mig-configs"?: object })["mig-configs"] ?? {});
    };
    const managerOf = ({ objects }: Plan): KubernetesObject | undefined =>
      objects.find(({ object }) => object.kind === "DaemonSet")?.object;

    it("is the MIG manager as it runs, with its file, while a label names the layout or nobody could ask", () => {
      for (const nodes of [named({ "nvidia.com/mig.config": layout }), undefined]) {
        const result = kept(standard, nodes, before);
        assert.ok(layoutsOf(result).includes(layout));
        assert.ok(layoutsOf(result).includes("all-1g.5gb"), "what the pool's new label will name");
        assert.deepEqual(managerOf(result), managerOf(own), "no manager restarts");
        assert.deepEqual(new Set(ids(result)), new Set(ids(own)));
        assert.equal(result.digest, standard.digest);
      }
    });

    it("is the same on every update until then", () => {
      const nodes = named({ "nvidia.com/mig.config": layout });
      const first = kept(standard, nodes, before);
      assert.deepEqual(kept(standard, nodes, earlier(...first.objects)), first);
    });

    it("is nothing once the nodes have standard layouts, which the manager generates", () => {
      assert.deepEqual(kept(standard, named({ "nvidia.com/mig.config": "all-1g.5gb" }), before), standard);
      assert.deepEqual(kept(standard, undefined, earlier(...standard.objects)), standard);
    });
  });

  describe("of drivers", () => {
    const account = planned("driver", {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "nvidia-driver", namespace: "gpu-operator" },
    });
    const other = planned("node-status-exporter", configMap("gone", {}));
    const all = earlier(driver("570"), driver("575"), account, other);

    it("is the DaemonSets that labels name, as they were registered, with what they lean on", () => {
      const result = kept(planOf(driver("580")), named({ "gpu-zones.dev/driver": "570" }), all);
      assert.deepEqual(ids(result), [driver("580").id, driver("570").id, account.id]);
      assert.deepEqual(result.objects[1], driver("570"));
    });

    it("is in the order of the operands where the plan has no driver of its own, since a destroy goes by it", () => {
      const now = planOf(plugin({}), other);
      const result = kept(now, named({ "gpu-zones.dev/driver": "570" }), all);
      assert.deepEqual(operandNames(result), ["driver", "device-plugin", "node-status-exporter"]);
    });

    it("is nothing when no node names one any more", () => {
      const result = kept(planOf(driver("580")), named({ "gpu-zones.dev/driver": "580" }), all);
      assert.deepEqual(ids(result), [driver("580").id]);
    });

    it("is all of them where nobody could ask the nodes", () => {
      const result = kept(planOf(driver("580")), undefined, all);
      assert.deepEqual(
        ids(result),
        [driver("580"), driver("570"), driver("575"), account].map(({ id }) => id),
      );
    });
  });

  it("is nothing of ours where somebody else runs the GPU stack", () => {
    const zone = zoneOf({ t4: { product: "Tesla-T4", nodes: ["n1"] } }, { managed: false });
    const unmanaged = { ...plan, zone };
    assert.equal(kept(unmanaged, undefined, before), unmanaged);
  });
});
