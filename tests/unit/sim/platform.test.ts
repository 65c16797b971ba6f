import assert from "node:assert/strict";
import type { V1RuntimeClass } from "@kubernetes/client-node";
import { lacksRuntimeClass } from "../../../plan/preflight/other-stacks.ts";
import { ApiError } from "../../../sim/api-server.ts";
import { createPlatformObjects } from "../../../sim/platform.ts";
import { zoneOf } from "./zone-builder.ts";

describe("the platform of a simulated zone", () => {
  const zone = zoneOf({ t4: { product: "Tesla-T4", nodes: ["n1"] } });
  const PLATFORMS = ["kubeadm", "k3s", "rke2", "preinstalled"] as const;

  for (const platform of PLATFORMS) {
    it(`brings what the zone leaves to ${platform}, and nothing else`, async () => {
      const its = { ...zone, cluster: { ...zone.cluster, platform } };
      const runtimeClasses: V1RuntimeClass[] = [];
      const create = (_path: string, object: object): Promise<void> => {
        runtimeClasses.push(object as V1RuntimeClass);
        return Promise.resolve();
      };
      await createPlatformObjects({ create }, its);
      const nothing = { daemonSets: [], deployments: [], customResources: {}, definitions: [] };
      assert.equal(lacksRuntimeClass(its, { ...nothing, runtimeClasses }), false);
      assert.equal(runtimeClasses.length > 0, platform === "k3s" || platform === "rke2");
    });
  }

  it("leaves what is there already as it is", async () => {
    const its = { ...zone, cluster: { ...zone.cluster, platform: "k3s" as const } };
    const failing = (status: number) => ({
      create: () => Promise.reject(new ApiError(status, "it exists")),
    });
    await createPlatformObjects(failing(409), its);
    await assert.rejects(createPlatformObjects(failing(403), its));
  });
});
