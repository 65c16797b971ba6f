import { existsSync, mkdirSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runChild } from "./child.ts";
import type { Pin, Source } from "./pins.ts";
import type { Platform } from "./platform.ts";
import { platformParts } from "./platform.ts";

/** Who watches a build. */
export interface Watch {
  /** Aborted: the build ends and Interrupted is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Takes a line that a person should see while it runs. */
  readonly say?: ((line: string) => void) | undefined;
}

/** Several executables of one Go module, built in one go. */
export interface BuildRequest extends Watch {
  readonly source: Source;
  readonly pins: readonly Pin[];
  readonly platform: Platform;
  /** Existing folder: every executable ends there under its tool's name, Go's own temporary files are below it. */
  readonly into: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Makes executables from source. */
export interface Builder {
  /** Resolves when a build of `source` can begin. @throws BuildError saying what is missing, Interrupted */
  readonly ready: (source: Source, env: NodeJS.ProcessEnv, watch?: Watch) => Promise<void>;
  /** Leaves one executable per pin in `into`. @throws BuildError, Interrupted */
  readonly build: (request: BuildRequest) => Promise<void>;
}

/** A tool could not be built. */
export class BuildError extends Error {
  override readonly name = "BuildError";
  /** True when a newer Go, or any Go, would help. */
  readonly wantsGo: boolean;
  /** What would help, where it is neither Go nor the tool itself. */
  readonly fix: string | undefined;

  constructor(message: string, wantsGo: boolean, fix?: string) {
    super(message);
    this.wantsGo = wantsGo;
    this.fix = fix;
  }
}

/** First version of Go that the modules below `tools/` can be built with. */
const GO_MAJOR = 1;
const GO_MINOR = 26;
const BUILD_LIMIT = 60 * 60 * 1000;
const ASK_LIMIT = 5 * 60 * 1000;
/** Lines of Go's last words that a person needs to see. */
const LAST_LINES = 12;

/** Builds with the Go that is on PATH, from the modules and checksums in this folder. */
export const goBuilder: Builder = {
  ready: async (source, env, watch = {}) => {
    await wantGo(moduleFolder(source), goEnvironment(env), watch);
  },
  build: async ({ source, pins, platform, into, env, ...watch }) => {
    const temporary = join(into, "go-tmp");
    mkdirSync(temporary);
    const [os, arch] = platformParts(platform);
    // GOTMPDIR: so that the remains of a killed build go with the folder they are in.
    const settings = { ...goEnvironment(env), GOOS: os, GOARCH: arch, GOTMPDIR: temporary };
    const tags = source.tags === undefined ? [] : ["-tags", source.tags];
    const flags = ["-trimpath", "-buildvcs=false", ...tags, "-ldflags", source.ldflags, "-o", `${into}/`];
    const packages = pins.map((pin) => String(pin.goPackage));
    const built = await runChild("go", ["build", ...flags, ...packages], {
      cwd: moduleFolder(source),
      env: settings,
      limit: BUILD_LIMIT,
      signal: watch.signal,
      note: into,
      onLine: toolchainLine(watch),
    });
    if (built.code !== 0) {
      throw new BuildError(
        `go build in tools/${String(source.module)} ended with ${built.code}:\n${lastLines(built.text)}`,
        false,
        /no space left on device|disk quota exceeded/i.test(built.text)
          ? "make room on the disk that Go names (a build takes about 3 GB), or move GOCACHE and XDG_CACHE_HOME to another one"
          : undefined,
      );
    }
    for (const pin of pins) {
      if (pin.builtAs !== undefined) renameSync(join(into, pin.builtAs), join(into, pin.name));
      if (!existsSync(join(into, pin.name))) throw new BuildError(`go build made no ${pin.name}`, false);
    }
  },
};

/** What a person set for other projects must not change the result; where modules come from stays theirs (GOPROXY, GOPRIVATE…). */
function goEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const {
    GOROOT: _root,
    GOEXPERIMENT: _experiment,
    GOAMD64: _amd64,
    GOARM64: _arm64,
    XDG_CACHE_HOME: cache,
    ...rest
  } = env;
  return {
    ...rest,
    // Go does not start without a home, nor with a cache at a relative place.
    HOME: rest["HOME"] ?? homedir(),
    ...(cache !== undefined && isAbsolute(cache) ? { XDG_CACHE_HOME: cache } : {}),
    CGO_ENABLED: "0",
    GO111MODULE: "on",
    GOFLAGS: "-mod=readonly",
    GOWORK: "off",
  };
}

/** An older Go fetches the one that a module asks for, which takes a while and is worth a line. */
function toolchainLine({ say }: Watch): (line: string) => void {
  return (line) => {
    if (/^go: downloading go\d/.test(line)) say?.(`${line}: Go fetches its own newer version, about 80 MB`);
  };
}

function moduleFolder(source: Source): string {
  return fileURLToPath(new URL(`./${String(source.module)}/`, import.meta.url));
}

async function wantGo(folder: string, env: NodeJS.ProcessEnv, watch: Watch): Promise<void> {
  const wanted = `wanted Go ${GO_MAJOR}.${GO_MINOR} or newer`;
  const asked = await runChild("go", ["version"], {
    cwd: folder,
    env,
    limit: ASK_LIMIT,
    signal: watch.signal,
    onLine: toolchainLine(watch),
  });
  if (asked.code === "ENOENT") throw new BuildError("go is not on PATH", true);
  if (asked.code === "EACCES") throw new BuildError("go is on PATH, but may not be started (EACCES)", true);
  // An older go that may not fetch a newer one says so itself.
  if (asked.code !== 0) throw new BuildError(`${wanted}: ${lastLines(asked.text).trim()}`, true);
  const version = /\bgo(\d+)\.(\d+)/.exec(asked.text);
  if (version === null) throw new BuildError(`${wanted}, got "${asked.text.trim()}"`, true);
  if (Number(version[1]) !== GO_MAJOR || Number(version[2]) < GO_MINOR) {
    throw new BuildError(`${wanted}, got ${version[0].slice(2)}`, true);
  }
}

function lastLines(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .slice(-LAST_LINES)
    .map((line) => `      ${line}`)
    .join("\n");
}
