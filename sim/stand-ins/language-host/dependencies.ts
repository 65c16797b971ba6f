import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { isMap, type JsonMap } from "../plugin/protobuf.ts";

/** One npm package and its version; the range from package.json where it is not installed. */
export interface Dependency {
  name: string;
  version: string;
}

/** The direct dependencies of the program in `directory`; none when it has no package.json. */
export async function programDependencies(directory: string): Promise<Dependency[]> {
  const manifest = await readManifest(path.join(directory, "package.json"));
  const require = createRequire(path.join(directory, "index.js"));
  const wanted = Object.entries(isMap(manifest["dependencies"]) ? manifest["dependencies"] : {});
  return Promise.all(
    wanted.map(async ([name, range]) => {
      for (const folder of require.resolve.paths(name) ?? []) {
        const { version } = await readManifest(path.join(folder, name, "package.json"));
        if (typeof version === "string") return { name, version };
      }
      return { name, version: typeof range === "string" ? range : "" };
    }),
  );
}

async function readManifest(file: string): Promise<JsonMap> {
  try {
    const manifest: unknown = JSON.parse(await readFile(file, "utf8"));
    return isMap(manifest) ? manifest : {};
  } catch {
    return {};
  }
}

/** Runs `npm install` in `directory`, passing its output on. Throws when npm cannot be started or fails. */
export async function installDependencies(
  directory: string,
  output: (stream: "stdout" | "stderr", chunk: Buffer) => void,
): Promise<void> {
  const npm = spawn("npm", ["install", "--loglevel=error"], {
    cwd: directory,
    stdio: ["ignore", "pipe", "pipe"],
  });
  npm.stdout.on("data", (chunk: Buffer) => {
    output("stdout", chunk);
  });
  npm.stderr.on("data", (chunk: Buffer) => {
    output("stderr", chunk);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    npm.once("error", reject);
    npm.once("close", resolve);
  });
  if (code !== 0) throw new Error(`"npm install" in ${directory} failed with exit code ${code ?? "none"}`);
}
