import assert from "node:assert/strict";
import { volumeFor } from "../../../sim/gpu-simulator/volume-provisioner.ts";

const CLAIM = {
  metadata: { name: "models", namespace: "toxicity-detector", uid: "u-1" },
  spec: {
    storageClassName: "standard",
    accessModes: ["ReadWriteMany"],
    resources: { requests: { storage: "20Gi" } },
  },
};

describe("the simulated storage provisioner", () => {
  it("gives an unbound claim of its class a volume of the size and access that it asks for", () => {
    const volume = volumeFor(CLAIM);
    assert.equal(volume?.metadata?.name, "pvc-u-1");
    assert.ok(volume.spec);
    assert.deepEqual(volume.spec.capacity, { storage: "20Gi" });
    assert.deepEqual(volume.spec.accessModes, ["ReadWriteMany"]);
    assert.equal(volume.spec.claimRef?.uid, "u-1");
  });

  it("leaves bound claims and claims of other classes alone", () => {
    assert.equal(volumeFor({ ...CLAIM, spec: { ...CLAIM.spec, volumeName: "pvc-u-1" } }), undefined);
    assert.equal(volumeFor({ ...CLAIM, spec: { ...CLAIM.spec, storageClassName: "ssd" } }), undefined);
    assert.equal(volumeFor({ metadata: CLAIM.metadata, spec: {} }), undefined);
  });
});
