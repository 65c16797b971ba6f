import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Checkout } from "./checkout.ts";

const README = join(import.meta.dirname, "..", "..", "README.md");

/** Every command of the README, typed into one shell in the order in which a reader meets it. */
describe("the README's commands", function () {
  this.timeout(300_000);
  let checkout: Checkout;

  before(async () => {
    checkout = await Checkout.create();
  });

  after(async () => {
    await checkout.remove();
  });

  it("work as they stand, one after the other", async () => {
    const commands = await shellCommands();
    assert.ok(commands.length >= 15, "the README lost its commands");
    const script = commands
      .map((command) => `echo "README: ${command.replaceAll(/["\\$`]/g, "")}" >&2\n${command}`)
      .join("\n");
    const run = await checkout.run("bash", ["-euo", "pipefail", "-c", script]);
    assert.equal(run.code, 0, run.stderr.slice(-4000));
    assert.match(run.stdout, /zone-1-dev is up: \d+ created/);
    assert.match(run.stdout, /private-detector +1\/1 +nvidia\.com\/mig-1g\.5gb +ds-node1/);
  });
});

async function shellCommands(): Promise<string[]> {
  const text = await readFile(README, "utf8");
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap((match) =>
    (match[1] ?? "").trim().split("\n"),
  );
}
