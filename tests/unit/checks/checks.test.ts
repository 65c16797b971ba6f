import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { checkPlan } from "../../../plan/checks/checks.ts";
import { zoneOf } from "../render/zone-text.ts";
import { object } from "./objects.ts";

const CHECKS = join(import.meta.dirname, "..", "..", "..", "plan", "checks");

describe("all checks together", () => {
  it("tell everything at once", () => {
    const zone = zoneOf(
      "apps: { pd: {}, td: {} }\nnodePools: { a: { product: NVIDIA-A30, gpusPerNode: 1, os: x, nodes: [n], mig: all-1g.5gb } }\n",
    );
    const objects = [
      object("Service", "a"),
      object("Service", "a", { owner: "td" }),
      object("Widget", "a", { apiVersion: "example.com/v1" }),
      object("Deployment", "a", {
        apiVersion: "apps/v1",
        namespace: "n",
        spec: { selector: { matchLabels: { a: "b" } }, template: {} },
      }),
    ];
    assert.deepEqual(
      checkPlan({ zone, objects }).map(({ code }) => code),
      ["GZ105", "GZ105", "GZ106", "GZ208", "GZ207", "GZ202", "GZ213", "GZ215", "GZ221"],
    );
  });

  it("point at an operand's file for an operand's object", () => {
    const [problem] = checkPlan({
      zone: zoneOf(""),
      objects: [object("Service", "a", { owner: "device-plugin" })],
    });
    assert.equal(problem?.file, "components/operands/device-plugin.ts");
  });

  it("each have tests of their name", async () => {
    const checks = (await readdir(CHECKS)).filter((file) => file !== "check.ts");
    const tests = await readdir(import.meta.dirname);
    for (const file of checks) assert.ok(tests.includes(file.replace(/\.ts$/, ".test.ts")), file);
  });
});
