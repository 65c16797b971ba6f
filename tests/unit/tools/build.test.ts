import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { BuildError, goBuilder } from "../../../tools/build.ts";
import { startOf } from "../../../tools/owner.ts";
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

  it("does not begin with a go that may not be started, and says that", async () => {
    writeFileSync(join(shop.bin, "go"), "", { mode: 0o644 });
    shop.env["PATH"] = shop.bin;
    assert.deepEqual(await refusal(goBuilder.ready(PINS.kwok.source, shop.env)), {
      message: "go is on PATH, but may not be started (EACCES)",
      wantsGo: true,
    });
  });

  it("says when Go fetches its own newer version first", async () => {
    go("go version go1.26.8 linux/amd64");
    const path = join(shop.bin, "go");
    const text = readFileSync(path, "utf8").replace(
      "#!/bin/sh\n",
      "#!/bin/sh\necho 'go: downloading go1.26.8 (linux/amd64)' >&2\necho 'go: downloading k8s.io/api v0.37.2' >&2\n",
    );
    writeFileSync(path, text);
    const said: string[] = [];
    await goBuilder.ready(PINS.kwok.source, shop.env, { say: (line) => said.push(line) });
    assert.deepEqual(said, [
      "go: downloading go1.26.8 (linux/amd64): Go fetches its own newer version, about 80 MB",
    ]);
  });

  it("asks for room when Go says that the disk is full", async () => {
    go("go version go1.26.8 linux/amd64", "echo 'write /x: no space left on device' >&2", "exit 1");
    const { source } = PINS.kwok;
    const work = goBuilder.build({ source, pins: [PINS.kwok], platform: "linux-amd64", into, env: shop.env });
    await assert.rejects(work, { name: "BuildError", fix: /^make room on the disk that Go names/ });
  });

  it("ends with its whole process group when it is interrupted, which is no failed build", async () => {
    go(
      "go version go1.26.8 linux/amd64",
      'sleep 60 & echo $! >"$out/pid.new"',
      'mv "$out/pid.new" "$out/pid"',
      "wait",
    );
    const { source } = PINS.kwok;
    const stop = new AbortController();
    const work = goBuilder.build({
      source,
      pins: [PINS.kwok],
      platform: "linux-amd64",
      into,
      env: shop.env,
      signal: stop.signal,
    });
    const refused = assert.rejects(work, { name: "Interrupted", message: "interrupted" });
    while (!existsSync(join(into, "pid"))) await new Promise((resolve) => setTimeout(resolve, 10));
    stop.abort();
    await refused;
    assert.equal(startOf(Number(readFileSync(join(into, "pid"), "utf8"))), undefined);
    assert.deepEqual(
      readdirSync(into).filter((name) => name.startsWith("child")),
      [],
    );
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
      'echo "$CGO_ENABLED $GOFLAGS $GOWORK $GOOS $GOARCH $GOPROXY $GO111MODULE" >"$out/settings"',
      'echo "${GOROOT-unset} ${GOEXPERIMENT-unset} ${GOAMD64-unset} ${GOARM64-unset} ${XDG_CACHE_HOME-unset}" >>"$out/settings"',
      'echo "${HOME:+has a home}" >>"$out/settings"',
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
      GO111MODULE: "off",
      GOROOT: "/elsewhere/go",
      GOEXPERIMENT: "greenteagc",
      GOAMD64: "v4",
      GOARM64: "v9.0",
      XDG_CACHE_HOME: "relative",
      HOME: undefined,
    };
    const { source } = PINS.etcd;
    await goBuilder.build({ source, pins: [PINS.kubectl, PINS.etcd], platform: "darwin-arm64", into, env });
    assert.equal(
      readFileSync(join(into, "settings"), "utf8"),
      [
        "0 -mod=readonly off darwin arm64 file:///mirror on",
        "unset unset unset unset unset",
        "has a home",
        "",
      ].join("\n"),
    );
    assert.equal(readFileSync(join(into, "etcd"), "utf8"), "");
    const flags =
      "-X k8s.io/component-base/version.gitVersion=v1.37.2 -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=37";
    assert.equal(
      readFileSync(join(into, "arguments"), "utf8"),
      `build -trimpath -buildvcs=false -ldflags -s -w ${flags} -o ${into}/ k8s.io/kubernetes/cmd/kubectl go.etcd.io/etcd/server/v3\n`,
    );
  });

  it("leaves out of promtool what a test of rules does not need", async () => {
    go("go version go1.26.8 linux/amd64", 'echo "$@" >"$out/arguments"', 'touch "$out/promtool"');
    const { source } = PINS.promtool;
    await goBuilder.build({ source, pins: [PINS.promtool], platform: "linux-amd64", into, env: shop.env });
    assert.match(readFileSync(join(into, "arguments"), "utf8"), / -tags remove_all_sd -ldflags /);
  });
});
