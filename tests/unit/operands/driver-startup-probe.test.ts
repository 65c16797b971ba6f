import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { driver } from "../../../components/operands/driver.ts";
import { DRIVER, gpu, one, pod } from "./driver-pods.ts";
import { containerOf, objectsOf } from "./operand-objects.ts";

describe("the driver's startup probe", () => {
  const script = (): string => {
    const configMap = objectsOf(driver, one).find(({ kind }) => kind === "ConfigMap");
    assert.equal(configMap?.metadata.name, "nvidia-driver-startup-probe");
    return (configMap as { data?: Record<string, string> }).data?.["startup-probe.sh"] ?? "";
  };

  /** Runs the script over a folder of its own; what it wrote, or how it ended. */
  function probe(state: {
    module?: boolean;
    daemons?: string;
    smi?: number;
    env?: Record<string, string>;
  }): string {
    const folder = mkdtempSync(path.join(tmpdir(), "gpu-zones-probe-"));
    const [validations, module] = [path.join(folder, "validations"), path.join(folder, "module")];
    try {
      for (const directory of [validations, module, path.join(folder, "bin")]) mkdirSync(directory);
      if (state.module !== false) writeFileSync(path.join(module, "refcnt"), "0");
      if (state.daemons !== undefined)
        writeFileSync(path.join(validations, ".driver-daemons-status"), `${state.daemons}\n`);
      writeFileSync(path.join(folder, "bin/nvidia-smi"), `#!/bin/sh\nexit ${state.smi ?? 0}\n`, {
        mode: 0o755,
      });
      const text = script()
        .replaceAll("/run/nvidia/validations", validations)
        .replaceAll("/sys/module/nvidia", module);
      execFileSync("/bin/sh", ["-c", text], {
        env: { PATH: `${folder}/bin:/usr/bin:/bin`, ...state.env },
        encoding: "utf8",
      });
      return readFileSync(path.join(validations, ".driver-ctr-ready"), "utf8");
    } catch (error) {
      return String((error as { stdout?: string }).stdout).trim();
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  it("passes when module, daemons and nvidia-smi are there, and says which parts the driver has", () => {
    assert.equal(
      probe({ daemons: "Ready" }),
      "GDRCOPY_ENABLED: false\nGDS_ENABLED: false\nGPU_DIRECT_RDMA_ENABLED: false\n",
    );
    assert.match(probe({ env: { GDS_ENABLED: "true" } }), /^GDS_ENABLED: true$/m);
  });

  it("fails with the first thing that is missing", () => {
    assert.equal(probe({ module: false }), "the kernel module nvidia is not loaded");
    assert.equal(probe({ daemons: "NotReady" }), "the driver's daemons are not ready");
    assert.equal(probe({ smi: 9 }), "nvidia-smi fails");
  });

  it("has upstream's times, or the zone's", () => {
    const times = (zone: string) => {
      const { exec, ...rest } = containerOf(pod(zone), DRIVER).startupProbe ?? {};
      assert.deepEqual(exec?.command, ["sh", "/usr/local/bin/startup-probe.sh"]);
      return rest;
    };
    assert.deepEqual(times(one), {
      initialDelaySeconds: 60,
      periodSeconds: 10,
      timeoutSeconds: 60,
      failureThreshold: 120,
    });
    const own = { initialDelaySeconds: 1, periodSeconds: 2, timeoutSeconds: 3, failureThreshold: 4 };
    assert.deepEqual(times(gpu(`{ startupProbe: ${JSON.stringify(own)} }`)), own);
  });

  it("leaves nothing behind that says the driver is ready", () => {
    assert.deepEqual(containerOf(pod(one), DRIVER).lifecycle?.preStop?.exec?.command, [
      "/bin/sh",
      "-c",
      "rm -f /run/nvidia/validations/.driver-ctr-ready /run/nvidia/validations/.driver-daemons-status",
    ]);
  });
});
