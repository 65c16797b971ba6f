import assert from "node:assert/strict";
import { runtimeIsNamed } from "../../../plan/checks/runtime-is-named.ts";
import { findings } from "./objects.ts";

const BOARD = "product: Tesla-T4, gpusPerNode: 1, os: ubuntu22.04";

function found(pools: string, more = ""): string[] {
  return findings(runtimeIsNamed, [], `nodePools:\n${pools}${more}`);
}

describe("the container runtime of a pool", () => {
  it("is asked for where nobody names it, by its key", () => {
    assert.deepEqual(
      found(`  a: { ${BOARD}, nodes: [n1] }\n  b: { ${BOARD}, nodes: [n2], runtime: crio@1.34 }\n`),
      [
        `warning GZ221 Pulumi.zone-x.yaml:2  nodePools.a.runtime
    wanted the container runtime of pool a, got nothing: the container toolkit takes it for containerd 2.0 or newer
    fix: write runtime: into the pool or into its hardware class, such as containerd@2.1, containerd@1.7 or crio@1.34 (docs/problems/GZ221.md)`,
      ],
    );
  });

  it("may come from the hardware class", () => {
    assert.deepEqual(
      found(
        "  a: { hardware: c, nodes: [n1] }\n",
        `hardware: { c: { ${BOARD}, runtime: containerd@2.1 } }\n`,
      ),
      [],
    );
  });

  it("is of no matter where no toolkit of ours extends its configuration", () => {
    const pool = `  a: { ${BOARD}, nodes: [n1] }\n`;
    assert.deepEqual(found(pool, "gpu: { managed: false }\n"), []);
    assert.deepEqual(found(pool, "gpu: { toolkit: { enabled: false } }\n"), []);
  });
});
