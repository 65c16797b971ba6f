import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { BuildError, goBuilder } from "../../../tools/build.ts";
import { PINS } from "../../../tools/pins.ts";
import { clear, type Workshop, workshop } from "./workshop.ts";

describe("a build from source", () => {
  let shop: Workshop;
  let into: string;

  beforeEach(() => {
    shop = workshop();
    into = join(shop.root, "into");
    mkdirSync(into);
    shop.env["PATH"] = [shop.bin, "/usr/bin", "/bin"].join(delimiter);
  });
  afterEach(() => {
    clear(shop);
  });

  /** A `go` that does what `lines` of shell say; `$out` is the folder that it builds into. */
  function go(version: string, ...lines: string[]): void {
    const text = [
      "#!/bin/sh",
      `if [ "$1" = version ]; then echo '${version}'; exit 0; fi`,
      'for arg; do case "$last" in -o) out=$arg;; esac; last=$arg; done',
      ...lines,
    ];
    writeFileSync(join(shop.bin, "go"), text.join("\n"), { mode: 0o755 });
  }

  async function refusal(work: Promise<void>): Promise<{ message: string; wantsGo: boolean }> {
    try {
      await work;
    } catch (error) {
      assert.ok(error instanceof BuildError);
      return { message: error.message, wantsGo: error.wantsGo };
    }
    throw new assert.AssertionError({ message: "nothing was refused" });
  }

  it("does not begin without Go", async () => {
    shop.env["PATH"] = shop.bin;
    assert.deepEqual(await refusal(goBuilder.ready(PINS.kwok.source, shop.env)), {
      message: "go is not on PATH",
      wantsGo: true,
    });
  });

  it("does not begin with a Go that is too old", async () => {
    go("go version go1.25.9 linux/amd64");
    assert.deepEqual(await refusal(goBuilder.ready(PINS.kwok.source, shop.env)), {
      message: "wanted Go 1.26 or newer, got 1.25",
      wantsGo: true,
    });
  });

  for (const version of ["go1.26.8", "go1.26rc1", "go1.30.0"]) {
    it(`begins with ${version}`, async () => {
      go(`go version ${version} linux/amd64`);
      await goBuilder.ready(PINS.kwok.source, shop.env);
    });
  }

  it("shows the last words of a Go that fails", async () => {
    go("go version go1.26.8 linux/amd64", "echo 'dial tcp: no route to proxy' >&2", "exit 7");
    const { source } = PINS.kwok;
    const work = goBuilder.build({ source, pins: [PINS.kwok], platform: "linux-amd64", into, env: shop.env });
    assert.deepEqual(await refusal(work), {
      message: "go build in tools/kwok ended with 7:\n      dial tcp: no route to proxy",
      wantsGo: false,
    });
  });

  it("is shielded from settings of other projects, and gives etcd its name", async () => {
    go(
      "go version go1.26.8 linux/amd64",
      'echo "$CGO_ENABLED $GOFLAGS $GOWORK $GOOS $GOARCH $GOPROXY" >"$out/settings"',
      'echo "$@" >"$out/arguments"',
      'touch "$out/kubectl" "$out/server"',
    );
    const env = {
      ...shop.env,
      GOFLAGS: "-mod=mod",
      GOOS: "plan9",
      GOWORK: "/elsewhere/go.work",
      CGO_ENABLED: "1",
      GOPROXY: "file:///mirror",
    };
    const { source } = PINS.etcd;
    await goBuilder.build({ source, pins: [PINS.kubectl, PINS.etcd], platform: "darwin-arm64", into, env });
    assert.equal(
      readFileSync(join(into, "settings"), "utf8"),
      "0 -mod=readonly off darwin arm64 file:///mirror\n",
    );
    assert.equal(readFileSync(join(into, "etcd"), "utf8"), "");
    const flags =
      "-X k8s.io/component-base/version.gitVersion=v1.37.2 -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=37";
    assert.equal(
      readFileSync(join(into, "arguments"), "utf8"),
      `build -trimpath -buildvcs=false -ldflags -s -w ${flags} -o ${into}/ k8s.io/kubernetes/cmd/kubectl go.etcd.io/etcd/server/v3\n`,
    );
  });
});
