import assert from "node:assert/strict";
import { publishedSha256 } from "../../../tools/checksum.ts";

const SUM = "029a7f0f4e1932c52a0476cf02a0fd855c0bb85694b82c338fc648dcb53a819d";
const OTHER = "0".repeat(64);

describe("a checksum that a vendor publishes", () => {
  it("is found by file name in a list, not by part of a name", () => {
    const list = `${OTHER}  tool.tar.gz.sig\n${OTHER}  old-tool.tar.gz\n${SUM}  tool.tar.gz\n`;
    assert.equal(publishedSha256("list", list, "tool.tar.gz"), SUM);
    assert.equal(publishedSha256("list", list, "tool"), undefined);
  });

  it("is read from lists that mark binary files or name the folder", () => {
    assert.equal(publishedSha256("list", `${SUM} *tool`, "tool"), SUM);
    assert.equal(publishedSha256("list", `${SUM}  ./tool`, "tool"), SUM);
  });

  it("is the whole of a bare file, with or without a line end", () => {
    assert.equal(publishedSha256("bare", SUM.toUpperCase(), "tool"), SUM);
    assert.equal(publishedSha256("bare", `${SUM}\n`, "tool"), SUM);
  });

  it("is the digest of the asset of that name in a GitHub release", () => {
    const release = JSON.stringify({
      assets: [
        { name: "other", digest: `sha256:${OTHER}` },
        { name: "tool", digest: `sha256:${SUM}` },
      ],
    });
    assert.equal(publishedSha256("github", release, "tool"), SUM);
    assert.equal(publishedSha256("github", release, "absent"), undefined);
  });

  it("is never taken from an error page, another algorithm or a cut line", () => {
    assert.equal(publishedSha256("bare", "<html>Not found</html>", "tool"), undefined);
    assert.equal(publishedSha256("bare", SUM.slice(1), "tool"), undefined);
    assert.equal(publishedSha256("github", "<html>", "tool"), undefined);
    const sha512 = JSON.stringify({ assets: [{ name: "tool", digest: `sha512:${SUM}${SUM}` }] });
    assert.equal(publishedSha256("github", sha512, "tool"), undefined);
    assert.equal(
      publishedSha256("github", JSON.stringify({ assets: [{ name: "tool", digest: null }] }), "tool"),
      undefined,
    );
  });
});
