import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { rememberStackFile, restoreStackFile, withoutAppended, written } from "../../../sim/stack-file.ts";

const STACK = `# the dev zone
config:
  gpu-zones:extends: [dev] # layers

  gpu-zones:apps:
      toxicity-detector: {}
`;
const SALT = "encryptionsalt: v1:abc=:v1:def:ghi==\n";

describe("a stack file after its simulated zone went down", () => {
  const before = { text: STACK };

  it("has its old bytes back when Pulumi appended its salt", () => {
    assert.equal(withoutAppended(before, STACK + SALT), STACK);
  });

  it("has its old bytes back when Pulumi put the salt first and laid out the rest anew", () => {
    const rewritten = `${SALT}config:\n  gpu-zones:extends: [dev]\n  gpu-zones:apps:\n    toxicity-detector: {}\n`;
    assert.equal(withoutAppended({ text: STACK, written: rewritten }, rewritten), STACK);
  });

  const edits: [what: string, edited: string][] = [
    ["a value", STACK.replace("{}", "{replicas: 2}")],
    ["a comment", STACK.replace("# layers", "# layers, lowest first")],
    ["quotes", STACK.replace("[dev]", '["dev"]')],
    ["the order of keys", `# the dev zone\nconfig:\n  gpu-zones:apps: {}\n  gpu-zones:extends: [dev]\n`],
    ["the layout", STACK.replace("      toxicity", "    toxicity")],
  ];
  for (const [what, edited] of edits) {
    it(`keeps ${what} that a person edited meanwhile`, () => {
      const since = { text: STACK, written: STACK + SALT };
      assert.equal(withoutAppended(since, edited + SALT + "secretsprovider: passphrase\n"), edited);
    });
  }

  it("keeps a salt that was there before: it belongs to a real zone's secrets", () => {
    const real = STACK + SALT;
    assert.equal(withoutAppended({ text: real }, real), real);
    assert.equal(withoutAppended({ text: real }, `${real}secretsprovider: passphrase\n`), real);
  });

  it("is left alone when nothing was appended, and while somebody is in the middle of an edit", () => {
    const edited = `${STACK}# a comment\n`;
    assert.equal(withoutAppended(before, edited), edited);
    const broken = `${STACK}${SALT}{{`;
    assert.equal(withoutAppended(before, broken), broken);
  });

  it("is gone when there was none and Pulumi alone made it", () => {
    assert.equal(withoutAppended({ text: null }, SALT), undefined);
    assert.equal(withoutAppended({ text: null, written: SALT }, SALT), undefined);
    assert.equal(withoutAppended({ text: null }, `config: {}\n${SALT}`), "config: {}\n");
  });

  it("is undone whole only where nobody had edited it when the stack was made", () => {
    const file = { path: "f", text: STACK };
    assert.deepEqual(written(file, STACK, STACK + SALT), { ...file, written: STACK + SALT });
    const edited = `${STACK}# mine\n`;
    assert.deepEqual(written(file, edited, edited + SALT), file);
    // A cluster that was made anew has its stack made again, over what the first time left.
    const again = written({ ...file, written: STACK + SALT }, STACK + SALT, `${STACK}${SALT}more: 1\n`);
    assert.equal(again.written, `${STACK}${SALT}more: 1\n`);
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
