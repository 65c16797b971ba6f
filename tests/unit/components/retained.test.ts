import assert from "node:assert/strict";
import { isRetained } from "../../../components/retained.ts";
import { nodeFeatureDiscovery } from "../../../components/operands/node-feature-discovery.ts";
import { namesOf, objectsOf } from "../operands/operand-objects.ts";
import { zoneOf } from "../render/zone-text.ts";

const EXISTING = "gpu: { nfd: { mode: existing } }\n";

describe("what a zone lets go of", () => {
  it("stays where people's data go with it", () => {
    for (const kind of ["Namespace", "PersistentVolumeClaim", "CustomResourceDefinition"]) {
      const object = { apiVersion: "v1", kind, metadata: { name: "a" } };
      assert.equal(isRetained(zoneOf(""), object), true, kind);
      assert.equal(isRetained(zoneOf("deleteData: true\n"), object), false, kind);
    }
    assert.equal(
      isRetained(zoneOf(""), { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } }),
      false,
    );
  });

  it("leaves another Node Feature Discovery its kinds, and so its objects, when ours goes", () => {
    const stay = new Set(namesOf(objectsOf(nodeFeatureDiscovery, EXISTING)));
    const gone = objectsOf(nodeFeatureDiscovery, "").filter((each) => !stay.has(namesOf([each])[0] ?? ""));
    const definitions = gone.filter(({ kind }) => kind === "CustomResourceDefinition");
    assert.equal(definitions.length, 3);
    assert.deepEqual(
      gone.filter((each) => isRetained(zoneOf(EXISTING), each)),
      definitions,
    );
  });
});
