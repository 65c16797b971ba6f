import assert from "node:assert/strict";
import { driverRunsCuda } from "../../../plan/checks/driver-runs-cuda.ts";
import { driver, foundOf, verdict } from "./drivers.ts";
import { findings } from "./objects.ts";

const T4 = "product: Tesla-T4, os: x";

function found(cuda: string, version: string, gpu = "gpu: { model: Tesla-T4 }, "): string[] {
  return foundOf(driverRunsCuda, T4, driver(version), `apps:\n  pd: { ${gpu}cudaMin: "${cuda}" }\n`);
}

describe("an app's CUDA version", () => {
  it("is an error where no node that it runs on has a driver of its major version", () => {
    assert.deepEqual(found("13.0", "570.211.01"), [
      `error GZ216 Pulumi.zone-x.yaml:4  apps.pd.cudaMin
    wanted a driver of branch 580 or newer for CUDA 13.0, got pool a with branch 570
    fix: set the driver's version to branch 580 or newer, or lower cudaMin where the image brings its own cuda-compat (docs/problems/GZ216.md)`,
    ]);
    assert.equal(verdict(found("12.8", "520.61.05")), "error GZ216");
  });

  it("is a warning where the driver has an older minor version of it", () => {
    assert.match(
      found("12.8", "550.163.01")[0] ?? "",
      /^warning GZ216 .*branch 570 or newer for all of CUDA 12\.8/s,
    );
  });

  it("is right where the driver is as new, or newer by any number of versions", () => {
    assert.deepEqual(found("12.8", "570.211.01"), []);
    assert.deepEqual(found("12.0", "525.147.05"), []);
    assert.deepEqual(found("11.8", "595.91.07"), []);
    assert.deepEqual(found("13.9", "580.178.04"), [], "of that minor version nothing is known");
  });

  it("is a warning where its drivers are not known", () => {
    assert.match(
      found("14.0", "595.91.07")[0] ?? "",
      /^warning GZ216 .*got 14\.0: the driver is not checked/s,
    );
  });

  it("is a warning where the app's own files ask for the GPU: which nodes they mean is not known", () => {
    assert.equal(verdict(found("13.0", "570.211.01", "")), "warning GZ216");
  });

  it("is compared with the pools that the app can land on, and no others", () => {
    const zone = (gpu: string): string =>
      `apps:\n  pd: { gpu: ${gpu}, cudaMin: "13.0" }\ngpu: { mig: { strategy: mixed } }\nnodePools:\n  t4: { product: Tesla-T4, gpusPerNode: 1, os: x, nodes: [n1] }\n  a30: { product: NVIDIA-A30, gpusPerNode: 1, os: x, nodes: [n2] }\n  cut: { product: NVIDIA-A30, gpusPerNode: 1, os: x, nodes: [n3], mig: all-1g.6gb }\n`;
    const check = driverRunsCuda((_, { product, mig }) =>
      driver(product === "NVIDIA-A30" && mig === undefined ? "570.211.01" : "580.178.04"),
    );
    const got = (gpu: string): string | undefined =>
      /got (.*)/.exec(findings(check, [], zone(gpu))[0] ?? "")?.[1];
    assert.equal(got("{ model: Tesla-T4 }"), undefined);
    assert.equal(got("{ mig: 1g.6gb }"), undefined);
    assert.equal(got("{ model: NVIDIA-A30 }"), "pool a30 with branch 570");
    assert.equal(got("{ count: 1 }"), "pool a30 with branch 570");
  });

  it("is nothing without cudaMin, or where the app's request cannot be served anyway", () => {
    assert.deepEqual(foundOf(driverRunsCuda, T4, driver("450.80.02"), "apps: { pd: {} }\n"), []);
    assert.deepEqual(found("13.0", "570.211.01", "gpu: { model: NVIDIA-X9 }, "), []);
  });

  it("is not compared with a driver of which nobody knows the branch", () => {
    const used = driver("", { mode: "preinstalled", branch: 0 });
    assert.deepEqual(foundOf(driverRunsCuda, T4, used, 'apps: { pd: { cudaMin: "13.0" } }\n'), []);
  });
});
