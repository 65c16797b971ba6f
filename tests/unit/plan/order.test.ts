import assert from "node:assert/strict";
import { comesAfter, turn } from "../../../plan/order.ts";
import { planned, type PlannedObject } from "../../../plan/planned-object.ts";

/** An object of an owner; null: it lives in no namespace. */
function object(kind: string, owner = "pd", namespace: string | null = "pd", name = "x"): PlannedObject {
  const metadata = namespace === null ? { name } : { name, namespace };
  return planned(owner, { apiVersion: "v1", kind, metadata });
}

const NAMESPACE = object("Namespace", "zone", null, "pd");

describe("the turn of an object", () => {
  const kinds: [kind: string, expected: number][] = [
    ["CustomResourceDefinition", 0],
    ["Namespace", 0],
    ["ServiceAccount", 1],
    ["ClusterRole", 1],
    ["ClusterRoleBinding", 1],
    ["Role", 1],
    ["RoleBinding", 1],
    ["RuntimeClass", 1],
    ["PriorityClass", 1],
    ["ConfigMap", 2],
    ["Secret", 2],
    ["PersistentVolumeClaim", 2],
    ["Deployment", 3],
    ["DaemonSet", 3],
    ["Service", 3],
    ["VirtualService", 3],
  ];
  for (const [kind, expected] of kinds) {
    it(`is ${expected} for a ${kind}`, () => {
      assert.equal(turn(object(kind)), expected);
    });
  }
});

describe("an object comes after another", () => {
  const deployment = object("Deployment");
  const cases: [title: string, object: PlannedObject, other: PlannedObject, expected: boolean][] = [
    ["its namespace", deployment, NAMESPACE, true],
    ["not another's namespace", deployment, object("Namespace", "zone", null, "td"), false],
    ["not a namespace, when it lives in none", object("ClusterRole", "pd", null), NAMESPACE, false],
    [
      "any definition: its kind may be the one",
      deployment,
      object("CustomResourceDefinition", "crds", null),
      true,
    ],
    [
      "any runtime class: its pods may run under it",
      deployment,
      object("RuntimeClass", "runtime-classes", null),
      true,
    ],
    ["what its own owner prepared: rights", deployment, object("ServiceAccount"), true],
    ["what its own owner prepared: content", deployment, object("ConfigMap"), true],
    ["not what another owner prepared", deployment, object("ConfigMap", "td"), false],
    ["none of its own turn", deployment, object("Service"), false],
    ["none of a later turn", object("ConfigMap"), deployment, false],
    ["not itself", deployment, deployment, false],
  ];
  for (const [title, each, other, expected] of cases) {
    it(title, () => {
      assert.equal(comesAfter(each, other), expected);
    });
  }

  it("never in a circle", () => {
    const all = ["Namespace", "ServiceAccount", "RuntimeClass", "ConfigMap", "Deployment"].map((kind) =>
      object(kind),
    );
    for (const a of all)
      for (const b of all) assert.ok(!(comesAfter(a, b) && comesAfter(b, a)), `${a.id} ${b.id}`);
  });
});
