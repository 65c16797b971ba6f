import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

const repository = path.join(import.meta.dirname, "../../..");
const cache = "node_modules/.cache/gpu-zones/stand-ins";

describe("starting a stand-in", function () {
  this.timeout(60_000);
  let folder: string;
  let launcher: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "gpu-zones-start-"));
    launcher = path.join(folder, "sim/stand-ins/bin/pulumi-resource-kubernetes");
    await cp(path.join(repository, "sim/stand-ins"), path.join(folder, "sim/stand-ins"), { recursive: true });
    await writeFile(path.join(folder, "package.json"), JSON.stringify({ type: "module" }));
    await mkdir(path.join(folder, "node_modules"));
    for (const name of ["@grpc", "@pulumi", "tsx", "typescript", "yaml"]) {
      await symlink(path.join(repository, "node_modules", name), path.join(folder, "node_modules", name));
    }
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  /** The first line that a launcher prints; the process has ended then. */
  async function port(command: string): Promise<string> {
    const child = spawn(command, ["127.0.0.1:1"], { stdio: ["pipe", "pipe", "pipe"] });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    const gone = new Promise((resolve) => child.once("close", resolve));
    let first = "";
    createInterface(child.stdout).once("line", (line) => {
      first = line;
      child.stdin.end();
    });
    await gone;
    assert.match(
      said,
      /^pulumi-resource-kubernetes: this is gpu-zones' stand-in for the official plugin.*\n$/,
    );
    return first;
  }

  it("strips its sources once, also when two start at once, and leaves nothing half-done behind", async () => {
    const ports = await Promise.all([launcher, launcher].map(port));
    assert.ok(
      ports.every((each) => /^\d+$/.test(each)),
      ports.join(),
    );
    const [only, ...more] = await readdir(path.join(folder, cache));
    assert.match(only!, /^[0-9a-f]{16}$/);
    assert.deepEqual(more, []);
  });

  it("prints nothing but the port on stdout, says on stderr that it is a stand-in, and ends with the engine's pipe", async () => {
    assert.match(await port(launcher), /^\d+$/);
  });

  it("works through a link from elsewhere", async () => {
    const link = path.join(folder, "linked");
    await symlink(launcher, link);
    assert.match(await port(link), /^\d+$/);
  });

  it("starts without typescript, only slower", async () => {
    await rm(path.join(folder, cache), { recursive: true });
    await rm(path.join(folder, "node_modules/typescript"));
    assert.match(await port(launcher), /^\d+$/);
    assert.deepEqual(await readdir(path.join(folder, cache)).catch(() => []), []);
  });

  it("never starts from stripped sources of another content", async () => {
    await symlink(
      path.join(repository, "node_modules/typescript"),
      path.join(folder, "node_modules/typescript"),
    );
    await port(launcher);
    const main = path.join(folder, "sim/stand-ins/kubernetes-provider/main.ts");
    await writeFile(
      main,
      `process.stderr.write("pulumi-resource-kubernetes: this is gpu-zones' stand-in for the official plugin, edited\\n"); console.log(7);`,
    );
    assert.equal(await port(launcher), "7");
  });
});
