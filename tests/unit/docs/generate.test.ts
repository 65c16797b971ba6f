import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { GENERATED_FOLDERS, generatedDocs } from "../../../docs/generate.ts";
import { PROBLEM_CODES } from "../../../plan/config/problem-codes.ts";

const CHECKOUT = join(import.meta.dirname, "..", "..", "..");
const HINT = "run npm run docs";

describe("the generated files of docs/", () => {
  for (const [path, text] of generatedDocs()) {
    it(`${path} is what the code says`, async () => {
      const written = await readFile(join(CHECKOUT, path), "utf8").catch(() => undefined);
      assert.equal(
        written,
        text,
        `${path} is ${written === undefined ? "not there" : "out of date"}: ${HINT}`,
      );
    });
  }

  it("are all there is in their folders", async () => {
    const found = await Promise.all(
      GENERATED_FOLDERS.map(async (folder) =>
        (await readdir(join(CHECKOUT, folder))).map((name) => `${folder}/${name}`),
      ),
    );
    const inFolders = [...generatedDocs().keys()].filter((path) =>
      GENERATED_FOLDERS.some((folder) => path.startsWith(`${folder}/`)),
    );
    assert.deepEqual(found.flat().toSorted(), inFolders.toSorted(), HINT);
  });

  it("have a page for every problem code, and the index links to each", () => {
    const docs = generatedDocs();
    const index = docs.get("docs/problems/README.md") ?? "";
    for (const [code, { title }] of Object.entries(PROBLEM_CODES)) {
      assert.ok(docs.get(`docs/problems/${code}.md`)?.startsWith(`# ${code}: ${title}\n`), code);
      assert.ok(index.includes(`- [${code}](${code}.md): ${title}\n`), code);
    }
  });
});
