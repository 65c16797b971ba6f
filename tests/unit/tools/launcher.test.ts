import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const repository = fileURLToPath(new URL("../../..", import.meta.url));

interface Launched {
  readonly code: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

describe("the launcher `zones`", () => {
  let root: string;
  /** The only folder on PATH beside the system's; holds node and a fake npm. */
  let bin: string;
  let checkout: string;
  let installs: string;
  let gate: string;
  let children: ChildProcess[];

  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "gpu-zones-launcher-")));
    bin = join(root, "bin");
    checkout = join(root, "checkout");
    installs = join(root, "installs");
    gate = join(root, "gate");
    children = [];
    mkdirSync(bin);
    symlinkSync(process.execPath, join(bin, "node"));
    for (const name of [
      "dirname",
      "readlink",
      "mkdir",
      "cat",
      "rm",
      "mv",
      "sleep",
      "touch",
      "sh",
      "ln",
      "cmp",
    ]) {
      const path = ["/usr/bin", "/bin"].map((folder) => join(folder, name)).find(existsSync);
      symlinkSync(String(path), join(bin, name));
    }
    makeCheckout(checkout);
  });
  afterEach(() => {
    for (const child of children) child.kill("SIGKILL");
    rmSync(root, { recursive: true, force: true });
  });

  function makeCheckout(folder: string): void {
    mkdirSync(join(folder, "fleet"), { recursive: true });
    copyFileSync(join(repository, "zones"), join(folder, "zones"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(join(folder, "package-lock.json"), "{}");
    const main =
      "const args: string[] = process.argv.slice(2);\nconsole.log(import.meta.dirname, JSON.stringify(args));\n";
    writeFileSync(join(folder, "fleet", "main.ts"), main);
  }

  /** An npm that notes where it was started, waits for the gate when told so, and installs tsx as a link. */
  function npm(...lines: string[]): void {
    const text = [
      "#!/bin/sh",
      `echo "$PWD $*" >>'${installs}'`,
      ...lines,
      "mkdir -p node_modules",
      `ln -s '${realpathSync(join(repository, "node_modules", "tsx"))}' node_modules/tsx`,
      "echo '{}' >node_modules/.package-lock.json",
    ];
    writeFileSync(join(bin, "npm"), text.join("\n"), { mode: 0o755 });
  }

  function launch(file: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    const child = spawn(file, [...args], { cwd: root, env: { PATH: bin, ...env } });
    children.push(child);
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const)
      child[name].on("data", (chunk: Buffer) => (output[name] += chunk.toString()));
    const ended = new Promise<Launched>((resolve) => {
      child.once("close", (code, signal) => {
        resolve({ code: code ?? signal, ...output });
      });
    });
    return { output, ended, child };
  }

  function installCount(): number {
    return existsSync(installs) ? readFileSync(installs, "utf8").trim().split("\n").length : 0;
  }

  async function until(holds: () => boolean): Promise<void> {
    const limit = Date.now() + 8000;
    while (!holds()) {
      assert.ok(Date.now() < limit, "waited 8 s");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  it("installs packages once, in its own checkout, and hands over", async () => {
    npm();
    const first = await launch(join(checkout, "zones"), ["list", "a b"]).ended;
    assert.deepEqual(
      [first.code, first.stdout],
      [0, `${join(checkout, "fleet")} ["list","a b"]\n`],
      first.stderr,
    );
    assert.equal((await launch(join(checkout, "zones")).ended).code, 0);
    assert.equal(
      readFileSync(installs, "utf8"),
      `${checkout} ci --ignore-scripts --no-audit --no-fund --loglevel=error\n`,
    );
    assert.deepEqual(readdirSync(join(checkout, ".cache")), []);
  });

  it("works through links to links, with CDPATH set, and in a folder whose name is no URL", async () => {
    npm();
    const odd = join(root, "50% #1");
    makeCheckout(odd);
    mkdirSync(join(root, "links"));
    symlinkSync("../50% #1/zones", join(root, "links", "inner"));
    symlinkSync(join("links", "inner"), join(root, "outer"));
    const { code, stdout, stderr } = await launch("./outer", [], { CDPATH: `${root}${delimiter}/` }).ended;
    assert.deepEqual([code, stdout], [0, `${join(odd, "fleet")} []\n`], stderr);
    assert.ok(!existsSync(join(root, "node_modules")) && !existsSync(join(root, "links", "node_modules")));
  });

  it("refuses to install anything beside a copy of itself", async () => {
    npm();
    copyFileSync(join(repository, "zones"), join(root, "zones"));
    const { code, stderr } = await launch(join(root, "zones")).ended;
    assert.deepEqual(
      [code, stderr],
      [
        1,
        `zones: wanted a checkout of gpu-zones, got ${root} without fleet/main.ts; link to the file zones instead of copying it\n`,
      ],
    );
    assert.equal(installCount(), 0);
  });

  it("says what to install when there is no npm", async () => {
    const { code, stderr } = await launch(join(checkout, "zones")).ended;
    assert.equal(code, 1);
    assert.match(stderr, /^zones: wanted npm to install packages, got none; it comes with Node from https:/);
  });

  it("started twice at once installs once; the second says that it waits", async () => {
    npm(`while [ ! -e '${gate}' ]; do sleep 0.02; done`);
    const first = launch(join(checkout, "zones"));
    await until(() => installCount() === 1);
    const second = launch(join(checkout, "zones"));
    await until(() => second.output.stderr.includes(`another run (pid ${first.child.pid}) installs`));
    writeFileSync(gate, "");
    assert.deepEqual([(await first.ended).code, (await second.ended).code], [0, 0]);
    assert.equal(installCount(), 1);
  });

  it("takes over from one that was killed", async () => {
    npm();
    const dead = spawn("true");
    await new Promise((resolve) => dead.once("close", resolve));
    const lock = join(checkout, ".cache", "npm-ci.lock");
    mkdirSync(lock, { recursive: true });
    writeFileSync(join(lock, "pid"), `${dead.pid}\n`);
    const { code, stderr } = await launch(join(checkout, "zones")).ended;
    assert.deepEqual([code, stderr], [0, "zones: installing npm packages (about half a minute)\n"]);
    assert.deepEqual(readdirSync(dirname(lock)), []);
  });

  it("never lets npm empty a folder that node_modules is a link to", async () => {
    npm();
    const other = join(root, "other");
    mkdirSync(join(other, "node_modules"), { recursive: true });
    writeFileSync(join(other, "package-lock.json"), '{ "name": "other" }');
    writeFileSync(join(other, "node_modules", ".package-lock.json"), "{}");
    utimesSync(join(other, "node_modules", ".package-lock.json"), new Date(0), new Date(0));
    symlinkSync(realpathSync(join(repository, "node_modules", "tsx")), join(other, "node_modules", "tsx"));
    symlinkSync(join(other, "node_modules"), join(checkout, "node_modules"));
    const refused = await launch(join(checkout, "zones")).ended;
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /node_modules is a link and its packages are not those of .*run npm ci where it leads to/,
    );
    // The same packages are good, whatever the files' times say.
    copyFileSync(join(checkout, "package-lock.json"), join(other, "package-lock.json"));
    const { code, stderr } = await launch(join(checkout, "zones")).ended;
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal(installCount(), 0);
  });

  it("gives its lock back when npm fails", async () => {
    npm("exit 7");
    assert.equal((await launch(join(checkout, "zones")).ended).code, 7);
    npm();
    assert.equal((await launch(join(checkout, "zones")).ended).code, 0);
  });
});
