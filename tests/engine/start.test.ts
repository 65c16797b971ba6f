import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { Checkout, ended, eventually } from "./checkout.ts";

const ZONE = "zone-1-dev";

/** `npm start`, as a reader of the README types it, and what surrounds it. */
describe("npm start", function () {
  this.timeout(300_000);
  let checkout: Checkout;

  before(async () => {
    checkout = await Checkout.create();
  });

  after(async () => {
    await checkout.remove();
  });

  const start = () => checkout.run("npm", ["start", "--silent"]);

  it("recovers from its own kill -9 in the middle of an update", async () => {
    const first = checkout.start("npm", ["start", "--silent"]);
    const end = ended(first);
    first.stderr?.on("data", (text: string) => {
      // The whole group dies, as with its terminal or its machine.
      if (/ kubernetes:\S+ \S+ created/.test(text)) process.kill(-(first.pid ?? 0), "SIGKILL");
    });
    const killed = await end;
    assert.equal(killed.code, null, killed.all);
    await eventually("nobody of the killed group is left", () => Promise.resolve(isGone(first.pid ?? 0)));
    const run = await start();
    assert.equal(run.code, 0, run.all);
    assert.match(run.all, /zone-1-dev: held by \S+ \(pid \d+\) since /);
    assert.match(run.stdout, /zone-1-dev is up: \d+ created, 0 updated, 0 deleted, 0 replaced in /);
  });

  it("says the second time that there is nothing to do, in under 15 s, and shows what is there", async () => {
    const run = await start();
    assert.equal(run.code, 0, run.all);
    const [, seconds] =
      /zone-1-dev: nothing to do \(\d+ objects unchanged, ([\d.]+) s\)/.exec(run.stdout) ?? [];
    assert.ok(Number(seconds) < 15, run.stdout);
    assert.match(run.stdout, /^NODE +POOL +STATE +BOARD +ALLOCATABLE$/m);
    assert.match(run.stdout, /^ds-node1 +a100 +Ready .* 7 x nvidia\.com\/mig-1g\.5gb$/m);
    assert.match(run.stdout, /^node-feature-discovery +6\/6$/m);
    assert.match(run.stdout, /^device-plugin +3\/3$/m);
    assert.match(run.stdout, /^private-detector +1\/1 +nvidia\.com\/mig-1g\.5gb +ds-node1$/m);
    assert.match(run.stdout, /^Try next:$/m);
    assert.match(run.stdout, /eval "\$\(\.\/zones sim env\)"/);
  });

  it("is told by zones up, which waits until the apps run, that there is nothing to do", async () => {
    await checkout.enterSim();
    const run = await checkout.zones("up", ZONE, "--json");
    assert.equal(run.code, 0, run.all);
    assert.equal((JSON.parse(run.stdout) as { state: string }[])[0]?.state, "unchanged");
  });

  it("keeps a person's edit of the stack file when the zone goes, comment and all", async () => {
    const file = `Pulumi.${ZONE}.yaml`;
    const comment = "# replicas as measured in spring\n";
    await checkout.edit(file, (text) => text + comment);
    const down = await checkout.zones("sim", "down", ZONE);
    assert.equal(down.code, 0, down.all);
    const after = await checkout.read(file);
    assert.ok(after.endsWith(comment), after);
    assert.doesNotMatch(after, /encryptionsalt/);
  });
});

/** True when the process group has no living member; one that ended may stay listed until somebody asks for it. */
function isGone(group: number): true | undefined {
  const listed = execFileSync("ps", ["-A", "-o", "pgid=,stat="], { encoding: "utf8" });
  const living = listed
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([pgid, state]) => Number(pgid) === group && !/^[ZX]/.test(state ?? ""));
  return living.length === 0 ? true : undefined;
}

describe("the environment of the simulated zones in a shell", () => {
  let checkout: Checkout;

  before(async () => {
    checkout = await Checkout.create();
  });

  after(async () => {
    await checkout.remove();
  });

  const shell = (command: string) =>
    checkout.run("sh", ["-c", `${command} && echo "reached \${PULUMI_BACKEND_URL:-the user's own}"`]);

  it("is there for the command after it", async () => {
    const run = await shell('eval "$(./zones sim env)"');
    assert.equal(run.code, 0, run.all);
    assert.ok(run.stdout.includes(`reached file://${checkout.folder}/.sim/backend`), run.all);
  });

  for (const [what, command] of [
    ["its home cannot be made", 'eval "$(GPU_ZONES_SIM_HOME=/dev/null/x ./zones sim env)"'],
    ["it is called wrongly", 'eval "$(./zones sim env --no-such)"'],
    ["there is no node", 'eval "$(PATH=/nowhere /bin/sh ./zones sim env)"'],
  ] as const) {
    it(`does not let the command after it run elsewhere when ${what}`, async () => {
      const run = await shell(command);
      assert.notEqual(run.code, 0, run.all);
      assert.doesNotMatch(run.stdout, /reached/);
    });
  }

  it("is not taken down under a name that nobody has", async () => {
    const run = await checkout.zones("sim", "down", "zone-1-dve");
    assert.equal(run.code, 1);
    assert.equal(run.stderr, 'wanted a simulated zone, got zone-1-dve: did you mean "zone-1-dev"?\n');
  });

  it("is no longer waited for after Ctrl-C, and says so with status 130", async () => {
    const { default: lockfile } = await import("proper-lockfile");
    const lock = `${checkout.folder}/.sim/locks/zone-zone-1-dev`;
    await checkout.run("mkdir", ["-p", `${checkout.folder}/.sim/locks`]);
    const release = await lockfile.lock(lock, { realpath: false });
    try {
      const waiting = checkout.start("./zones", ["sim", "down", ZONE]);
      const end = ended(waiting);
      let said = "";
      waiting.stderr?.on("data", (text: string) => (said += text));
      await eventually("it waits", () => Promise.resolve(/waiting for another run/.test(said) || undefined));
      process.kill(-(waiting.pid ?? 0), "SIGINT");
      const { code, stderr } = await end;
      assert.equal(code, 130, stderr);
      assert.match(stderr, /\ninterrupted\n$/);
    } finally {
      await release();
    }
  });
});
