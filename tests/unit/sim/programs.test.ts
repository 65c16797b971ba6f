import assert from "node:assert/strict";
import { processOf } from "../../../sim/gpu-simulator/programs.ts";

const SCRIPT = "/bin/entrypoint.sh";

function processIn(command: readonly string[], script = "") {
  const container = {
    name: "c",
    command,
    volumeMounts: [{ name: "s", mountPath: SCRIPT, subPath: "run.sh" }],
  };
  return processOf(
    container,
    { volumes: { s: { configMap: "scripts" } } },
    { scripts: { "run.sh": script } },
  );
}

describe("what a container runs", () => {
  it("is what its command calls, by whatever path", () => {
    assert.equal(processIn(["sh", "-c", "nvidia-validator"]).program, "validator");
    assert.equal(processIn(["nvidia-driver", "init"]).program, "driver");
    const daemon = processIn(["/usr/bin/mps-control-daemon"]);
    assert.deepEqual([daemon.program, daemon.called], ["mps-daemon", "/usr/bin/mps-control-daemon"]);
    assert.equal(processIn(["mps-control-daemon", "mount-shm"]).program, undefined);
    assert.equal(processIn(["sleep", "infinity"]).program, undefined);
    assert.equal(processIn(["cat", "/etc/nvidia-driver.conf"]).program, undefined);
  });

  it("is what the script calls that a ConfigMap mounts for it, once the loops before it have ended", () => {
    const script =
      "until [ -f /a/ready ]; do sleep 5; done\nif [ -f /a/extra ]; then echo; fi\nexec nvidia-toolkit\n";
    const { program, waitsFor } = processIn(["/bin/sh", "-c", SCRIPT], script);
    assert.equal(program, "toolkit");
    assert.deepEqual(waitsFor, ["/a/ready"]);
  });

  it("waits in each spelling of a shell's loop, and only in a loop", () => {
    for (const loop of ["until [ -f /r ]", "while [ ! -f /r ]", "while ! [ -e /r ]", 'until [ -f "/r" ]'])
      assert.deepEqual(processIn(["sh", "-c", `${loop}; do sleep 1; done`]).waitsFor, ["/r"], loop);
    assert.deepEqual(processIn(["sh", "-c", "[ -f /r ] && echo"]).waitsFor, []);
  });

  it("is told by the container's name where the image's own entrypoint is run", () => {
    const own = processOf({ name: "nvidia-mig-manager" }, { volumes: {} }, {});
    assert.equal(own.program, "mig-manager");
  });
});
