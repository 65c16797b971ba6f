import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { rememberStackFile, restoreStackFile, withoutAppended } from "../../../sim/stack-file.ts";

const STACK = `# the dev zone
config:
  gpu-zones:extends: [dev] # layers

  gpu-zones:apps:
      toxicity-detector: {}
`;
const SALT = "encryptionsalt: v1:abc=:v1:def:ghi==\n";

describe("a stack file after its simulated zone went down", () => {
  it("has its old bytes back when Pulumi appended its salt", () => {
    assert.equal(withoutAppended(STACK, STACK + SALT), STACK);
  });

  it("has its old bytes back when Pulumi put the salt first and laid out the rest anew", () => {
    const rewritten = `${SALT}config:\n  gpu-zones:extends: [dev]\n  gpu-zones:apps:\n    toxicity-detector: {}\n`;
    assert.equal(withoutAppended(STACK, rewritten), STACK);
  });

  it("keeps what a person edited meanwhile", () => {
    const edited = STACK.replace("{}", "{replicas: 2}");
    assert.equal(withoutAppended(STACK, edited + SALT + "secretsprovider: passphrase\n"), edited);
  });

  it("keeps a salt that was there before: it belongs to a real zone's secrets", () => {
    const real = STACK + SALT;
    assert.equal(withoutAppended(real, real), real);
    assert.equal(withoutAppended(real, `${real}secretsprovider: passphrase\n`), real);
  });

  it("is left alone when nothing was appended, and while somebody is in the middle of an edit", () => {
    const edited = `${STACK}# a comment\n`;
    assert.equal(withoutAppended(STACK, edited), edited);
    const broken = `${STACK}${SALT}{{`;
    assert.equal(withoutAppended(STACK, broken), broken);
  });

  it("is gone when there was none and Pulumi alone made it", () => {
    assert.equal(withoutAppended(null, SALT), undefined);
    assert.equal(withoutAppended(null, `config: {}\n${SALT}`), "config: {}\n");
  });

  describe("on disk", () => {
    let repository: string;

    beforeEach(async () => {
      repository = await mkdtemp(path.join(tmpdir(), "sim-stack-file-"));
    });

    afterEach(async () => {
      await rm(repository, { recursive: true, force: true });
    });

    it("keeps its mode", async () => {
      const file = path.join(repository, "Pulumi.zone-1-dev.yaml");
      await writeFile(file, STACK);
      await chmod(file, 0o640);
      const before = await rememberStackFile(repository, "zone-1-dev");
      await writeFile(file, STACK + SALT);
      await restoreStackFile(before);
      assert.equal(await readFile(file, "utf8"), STACK);
      assert.equal((await stat(file)).mode & 0o777, 0o640);
    });

    it("is looked for in stackConfigDir", async () => {
      await writeFile(path.join(repository, "Pulumi.yaml"), "name: gpu-zones\nstackConfigDir: stacks\n");
      const before = await rememberStackFile(repository, "zone-1-dev");
      assert.deepEqual(before, {
        path: path.join(repository, "stacks", "Pulumi.zone-1-dev.yaml"),
        text: null,
      });
      await restoreStackFile(before);
    });
  });
});
