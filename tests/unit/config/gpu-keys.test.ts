import assert from "node:assert/strict";
import { resolve, told } from "./layer-texts.ts";

const POOL = "product: Tesla-T4, gpusPerNode: 1, os: ubuntu22.04, nodes: [n]";

/** What is told of a zone with one pool of these keys. */
function pool(keys: string): string[] {
  return told(resolve(`nodePools: { a: { ${POOL}, ${keys} } }\n`));
}

describe("keys of GPUs", () => {
  it("take sharing by MPS for as many pods as a GPU has clients", () => {
    for (const shares of [2, 48]) assert.deepEqual(pool(`sharing: { mps: ${shares} }`), []);
    assert.deepEqual(pool("sharing: { mps: 49 }"), [
      `error GZ003 Pulumi.zone-x.yaml:1  nodePools.a.sharing.mps
    wanted 48 or less: a GPU takes no more MPS clients, got 49
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
    ]);
    assert.match(pool("sharing: { mps: 1 }")[0] ?? "", /wanted 2 or more, got 1/);
  });

  it("take Secure Boot as true or false", () => {
    assert.deepEqual(pool("secureBoot: true"), []);
    assert.match(pool("secureBoot: yes")[0] ?? "", /wanted true or false, got "yes"\n {4}fix: write true /);
  });

  it("take a CUDA version as text, since 12.10 is no number", () => {
    const app = (version: string): string[] => told(resolve(`apps: { pd: { cudaMin: ${version} } }\n`));
    assert.deepEqual(app('"12.10"'), []);
    assert.match(app("12.8")[0] ?? "", /fix: quote it: "12\.8"/);
    assert.match(app('"12"')[0] ?? "", /wanted a CUDA version such as "12\.8", in quotes, got "12"/);
  });

  it("take a layout that a higher layer writes as a whole, in place of a standard one or another", () => {
    const { zone } = resolve(
      "nodePools: { a: { hardware: cut, nodes: [n] } }\nhardware: { cut: { product: NVIDIA-A30, gpusPerNode: 1, os: x, mig: all-1g.6gb, board: { memory: 24Gi } } }\n",
    );
    assert.equal(zone?.nodePools["a"]?.mig, "all-1g.6gb");
    assert.deepEqual(zone.nodePools["a"].board, { memory: "24Gi" }, "the class says what the board is");
    const own = resolve(
      "nodePools: { a: { hardware: cut, nodes: [n], mig: { 2g.12gb: 2 } } }\nhardware: { cut: { product: NVIDIA-A30, gpusPerNode: 1, os: x, mig: { 1g.6gb: 4 } } }\n",
    );
    assert.deepEqual(own.zone?.nodePools["a"]?.mig, { "2g.12gb": 2 });
  });
});
