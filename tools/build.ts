import { spawn } from "node:child_process";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Pin, Source } from "./pins.ts";
import type { Platform } from "./platform.ts";
import { platformParts } from "./platform.ts";

/** Several executables of one Go module, built in one go. */
export interface BuildRequest {
  readonly source: Source;
  readonly pins: readonly Pin[];
  readonly platform: Platform;
  /** Existing folder: every executable ends there under its tool's name, Go's own temporary files are below it. */
  readonly into: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Makes executables from source. */
export interface Builder {
  /** Resolves when a build of `source` can begin. @throws BuildError saying what is missing */
  readonly ready: (source: Source, env: NodeJS.ProcessEnv) => Promise<void>;
  /** Leaves one executable per pin in `into`. @throws BuildError */
  readonly build: (request: BuildRequest) => Promise<void>;
}

/** A tool could not be built. */
export class BuildError extends Error {
  override readonly name = "BuildError";
  /** True when a newer Go, or any Go, would help. */
  readonly wantsGo: boolean;

  constructor(message: string, wantsGo: boolean) {
    super(message);
    this.wantsGo = wantsGo;
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
  ready: async (source, env) => {
    await wantGo(moduleFolder(source), { ...env, ...GO_SETTINGS });
  },
  build: async ({ source, pins, platform, into, env }) => {
    const temporary = join(into, "go-tmp");
    mkdirSync(temporary);
    const [os, arch] = platformParts(platform);
    // GOTMPDIR: so that the remains of a killed build go with the folder they are in.
    const settings = { ...env, ...GO_SETTINGS, GOOS: os, GOARCH: arch, GOTMPDIR: temporary };
    const flags = ["-trimpath", "-buildvcs=false", "-ldflags", source.ldflags, "-o", `${into}/`];
    const packages = pins.map((pin) => String(pin.goPackage));
    const built = await run(["build", ...flags, ...packages], moduleFolder(source), settings, BUILD_LIMIT);
    if (built.code !== 0) {
      throw new BuildError(
        `go build in tools/${String(source.module)} ended with ${built.code}:\n${lastLines(built.text)}`,
        false,
      );
    }
    for (const pin of pins) {
      if (pin.builtAs !== undefined) renameSync(join(into, pin.builtAs), join(into, pin.name));
      if (!existsSync(join(into, pin.name))) throw new BuildError(`go build made no ${pin.name}`, false);
    }
  },
};

/** What a person set for other projects must not change the result. */
const GO_SETTINGS = { CGO_ENABLED: "0", GOFLAGS: "-mod=readonly", GOWORK: "off" };

function moduleFolder(source: Source): string {
  return fileURLToPath(new URL(`./${String(source.module)}/`, import.meta.url));
}

async function wantGo(folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  const wanted = `wanted Go ${GO_MAJOR}.${GO_MINOR} or newer`;
  const asked = await run(["version"], folder, env, ASK_LIMIT);
  if (asked.code === "ENOENT") throw new BuildError("go is not on PATH", true);
  // An older go that may not fetch a newer one says so itself.
  if (asked.code !== 0) throw new BuildError(`${wanted}: ${lastLines(asked.text).trim()}`, true);
  const version = /\bgo(\d+)\.(\d+)/.exec(asked.text);
  if (version === null) throw new BuildError(`${wanted}, got "${asked.text.trim()}"`, true);
  if (Number(version[1]) !== GO_MAJOR || Number(version[2]) < GO_MINOR) {
    throw new BuildError(`${wanted}, got ${version[0].slice(2)}`, true);
  }
}

interface Ended {
  /** Exit status, signal, or the reason why it did not start (ENOENT). */
  readonly code: number | string;
  /** stdout and stderr. */
  readonly text: string;
}

function run(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv, limit: number): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn("go", args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const stop = (): void => void child.kill();
    // spawn's own time limit would keep the process alive when go cannot be started.
    const timer = setTimeout(stop, limit);
    process.once("exit", stop);
    let text = "";
    const collect = (chunk: Buffer): void => {
      text = (text + chunk.toString()).slice(-100_000);
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    const end = (code: number | string): void => {
      clearTimeout(timer);
      process.off("exit", stop);
      resolve({ code, text });
    };
    child.once("error", (error: NodeJS.ErrnoException) => {
      end(error.code ?? error.message);
    });
    child.once("close", (code, signal) => {
      end(code ?? signal ?? "no status");
    });
  });
}

function lastLines(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .slice(-LAST_LINES)
    .map((line) => `      ${line}`)
    .join("\n");
}
