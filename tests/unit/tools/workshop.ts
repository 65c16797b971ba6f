import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { create } from "tar";
import { BuildError, type Builder } from "../../../tools/build.ts";
import type { Surroundings } from "../../../tools/find.ts";
import { type Pin, PINS, type Release } from "../../../tools/pins.ts";
import { Progress } from "../../../tools/progress.ts";
import type { ToolName } from "../../../tools/tool.ts";

/** A place where tools are looked for and installed that shares nothing with this machine. */
export interface Workshop extends Surroundings {
  readonly root: string;
  /** The only folder on PATH. */
  readonly bin: string;
  /** Where the cache keeps its tools. */
  readonly cache: string;
  /** Everything that was said. */
  readonly lines: string[];
}

/** @param given Parts that differ from: nothing on PATH, no downloads, no Go, no stand-ins. */
export function workshop(given: Partial<Surroundings> = {}): Workshop {
  const root = mkdtempSync(join(tmpdir(), "gpu-zones-tools-"));
  const bin = join(root, "bin");
  mkdirSync(bin);
  const lines: string[] = [];
  return {
    platform: "linux-amd64",
    pins: PINS,
    builder: noGo,
    progress: new Progress({ line: (line) => lines.push(line) }),
    standIns: join(root, "stand-ins"),
    announced: new Set(),
    limits: { pauses: [1, 1] },
    ...given,
    env: {
      PATH: bin,
      HOME: root,
      XDG_CACHE_HOME: join(root, "cache"),
      GPU_ZONES_NO_DOWNLOAD: "1",
      ...given.env,
    },
    root,
    bin,
    cache: join(root, "cache", "gpu-zones", "tools"),
    lines,
  };
}

export function clear(shop: Workshop): void {
  rmSync(shop.root, { recursive: true, force: true });
}

/** A shell script that prints `text`, whatever it is asked. */
export function script(text: string): string {
  return `#!/bin/sh\necho '${text}'\n`;
}

export function writeScript(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, script(text), { mode: 0o755 });
  return path;
}

/** A machine without Go. */
export const noGo: Builder = {
  ready: () => Promise.reject(new BuildError("go is not on PATH", true)),
  build: () => Promise.reject(new Error("build was called although ready refused")),
};

/** Builds scripts that print the pinned versions; `built` receives the names of every build. */
export function scriptBuilder(built: ToolName[][] = []): Builder {
  return {
    ready: () => Promise.resolve(),
    build: ({ pins, into }) => {
      built.push(pins.map((pin) => pin.name));
      for (const pin of pins) writeScript(join(into, pin.name), `version v${pin.version}`);
      return Promise.resolve();
    },
  };
}

/** The table of pins with another release for one tool. */
export function withRelease(name: ToolName, change: Partial<Release>): Readonly<Record<ToolName, Pin>> {
  const pin = PINS[name];
  const release = { ...pin.release("linux-amd64")!, ...change };
  return { ...PINS, [name]: { ...pin, release: () => release } };
}

/** The table of pins in which nobody has pinned the checksum of `name`. */
export function unpinned(name: ToolName): Readonly<Record<ToolName, Pin>> {
  return withRelease(name, { sha256: undefined });
}

/** A .tar.gz of executables: path in the archive → text. */
export async function archive(members: Readonly<Record<string, string>>): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), "gpu-zones-archive-"));
  try {
    for (const [path, text] of Object.entries(members)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text, { mode: 0o755 });
    }
    const stream = create({ gzip: true, cwd: folder, portable: true }, Object.keys(members));
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function sha256(content: Buffer | string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** An HTTP server on 127.0.0.1 that answers GET requests and remembers their paths. */
export interface ReleaseServer {
  readonly server: Server;
  readonly base: string;
  readonly asked: string[];
}

export async function serve(
  answer: (path: string, response: ServerResponse) => void,
): Promise<ReleaseServer> {
  const asked: string[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    asked.push(String(request.url));
    answer(String(request.url), response);
  });
  await listen(server);
  return { server, base: `http://127.0.0.1:${portOf(server)}`, asked };
}

/** Serves files by path; everything else is 404. */
export function serveFiles(files: Readonly<Record<string, Buffer | string>>): Promise<ReleaseServer> {
  return serve((path, response) => {
    const content = files[path];
    if (content === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "content-length": Buffer.byteLength(content) }).end(content);
  });
}

export function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

export function shut(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}
