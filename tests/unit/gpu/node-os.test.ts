import assert from "node:assert/strict";
import { nodeOs } from "../../../plan/gpu/node-os.ts";

const NFD = "feature.node.kubernetes.io/system-os_release";

describe("an operating system of nodes", () => {
  const systems: [text: string, tag: string, labels: Record<string, string>, family: string | undefined][] = [
    ["ubuntu22.04", "ubuntu22.04", { ID: "ubuntu", VERSION_ID: "22.04" }, "apt"],
    ["rhel9", "rhel9", { ID: "rhel", "VERSION_ID.major": "9" }, "yum"],
    ["rhel9.4", "rhel9", { ID: "rhel", "VERSION_ID.major": "9" }, "yum"],
    ["rocky8.10", "rocky8", { ID: "rocky", "VERSION_ID.major": "8" }, "yum"],
    ["ol9", "ol9", { ID: "ol", "VERSION_ID.major": "9" }, "yum"],
    ["sles15.6", "sles15.6", { ID: "sles", VERSION_ID: "15.6" }, "zypper"],
    ["sl-micro6.0", "sl-micro6.0", { ID: "sl-micro", VERSION_ID: "6.0" }, "zypper"],
    ["talos", "talos", { ID: "talos" }, undefined],
  ];
  for (const [text, tag, labels, family] of systems) {
    it(`${text} has images of tag ${tag}, and is told by its labels`, () => {
      const of = nodeOs(text);
      assert.equal(of.tag, tag);
      assert.equal(of.family, family);
      assert.deepEqual(
        of.labels,
        Object.fromEntries(Object.entries(labels).map(([key, value]) => [`${NFD}.${key}`, value])),
      );
    });
  }
});
