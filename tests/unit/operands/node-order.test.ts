import { deepEqual, throws } from "node:assert/strict";
import { RESERVED_OWNERS } from "../../../plan/config/rules.ts";
import { needs } from "../../../components/operands/node-order.ts";

const CHAIN = [
  "node-feature-discovery",
  "driver",
  "container-toolkit",
  "operator-validator",
  "device-plugin",
];

describe("order of the operands on a node", () => {
  it("is features, driver, toolkit, validator, plugin: each needs all before it and none after it", () => {
    const needed = CHAIN.map((operand) => CHAIN.filter((other) => needs(operand, other)));
    deepEqual(
      needed,
      CHAIN.map((_, index) => CHAIN.slice(0, index)),
    );
  });

  it("has a place for every operand, and for nothing else", () => {
    const operands = RESERVED_OWNERS.filter((name) => !["zone", "cluster", "dcgm"].includes(name));
    deepEqual(
      operands.filter((name) => needs(name, name)),
      [],
    );
    throws(() => needs("private-detector", "driver"), /has no place/);
  });
});
