import { spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { ZonePlaces } from "./home.ts";
import { endProcesses, simulatorArgument } from "./processes.ts";

// Not import.meta.resolve: mocha loads modules in a way that has none.
const TSX = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const MAIN = fileURLToPath(new URL("gpu-simulator/main.ts", import.meta.url));

/**
 * Starts the zone's GPU node simulator; it outlives this process. Returns its process id.
 * @param kubectl path of the binary that the zone's labeller runs
 */
export async function startSimulator(places: ZonePlaces, kubectl: string): Promise<number> {
  // A script that its simulator, killed, has left behind.
  await endProcesses(places, new Set(["labeller"]));
  const log = await open(places.simulatorLog, "a", 0o600);
  try {
    const child = spawn(process.execPath, ["--import", TSX, MAIN, simulatorArgument(places)], {
      detached: true,
      cwd: places.directory,
      stdio: ["ignore", log.fd, log.fd],
      // Nothing else of ours: a proxy of the user's must not stand between it and loopback.
      env: {
        PATH: [path.dirname(kubectl), process.env["PATH"] ?? ""].join(path.delimiter),
        HOME: places.directory,
        NODE_ENV: "production",
      },
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("spawn", () => {
        resolve(child.pid ?? 0);
      });
    });
    child.unref();
    return pid;
  } finally {
    await log.close();
  }
}
