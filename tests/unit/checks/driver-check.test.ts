import assert from "node:assert/strict";
import { driverBootsSecurely } from "../../../plan/checks/driver-boots-securely.ts";
import { driverHasImage } from "../../../plan/checks/driver-has-image.ts";
import { driverHasPackageMirror } from "../../../plan/checks/driver-has-package-mirror.ts";
import { driverKnowsBoard } from "../../../plan/checks/driver-knows-board.ts";
import { driverRunsCuda } from "../../../plan/checks/driver-runs-cuda.ts";
import { kernelModulesDriveBoard } from "../../../plan/checks/kernel-modules-drive-board.ts";
import { driver, foundOf } from "./drivers.ts";

/** Wrong in every way at once. */
const POOL = "product: NVIDIA-B200, os: debian12, secureBoot: true";
const USED = driver("450.80.02", { kernelModuleType: "proprietary" });
const APP = 'apps: { pd: { cudaMin: "13.0" } }\n';
const CHECKS = {
  driverKnowsBoard,
  kernelModulesDriveBoard,
  driverHasImage,
  driverBootsSecurely,
  driverRunsCuda,
  driverHasPackageMirror: (of: Parameters<typeof driverHasPackageMirror>[0]) =>
    driverHasPackageMirror(of, () => false),
};

describe("what is said of a zone's drivers", () => {
  for (const [name, check] of Object.entries(CHECKS)) {
    it(`is nothing where somebody else runs the GPU stack: ${name}`, () => {
      assert.equal(foundOf(check, POOL, USED, APP).length, 1);
      assert.deepEqual(foundOf(check, POOL, USED, `${APP}gpu: { managed: false }\n`), []);
    });
  }
});
