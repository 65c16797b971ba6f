// Starts one stand-in: `start.js <room> …`. Plain JavaScript, because it runs before there is anything to load TypeScript.
// tsx costs 0.4 s of processor time at every start of a plugin, and every run of the engine starts two or more; so the
// sources are stripped of their types once, into node_modules/.cache, under a name made of their content.
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const here = import.meta.dirname;
const cache = path.join(here, "../../node_modules/.cache/gpu-zones/stand-ins");
const room = process.argv[2];
const day = 24 * 60 * 60 * 1000;

/** @returns {Map<string, string>} the sources by their path below this folder */
function readSources() {
  const names = readdirSync(here, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  return new Map(names.sort().map((name) => [name, readFileSync(path.join(here, name), "utf8")]));
}

/** Writes the stripped sources to `target`: elsewhere first, so that nobody sees half of them. */
async function strip(sources, target) {
  const { default: ts } = await import("typescript");
  mkdirSync(cache, { recursive: true });
  const draft = mkdtempSync(path.join(cache, "draft-"));
  try {
    for (const [name, text] of sources) {
      const file = path.join(draft, name.replace(/\.ts$/, ".js"));
      const { outputText } = ts.transpileModule(text, {
        fileName: name,
        compilerOptions: {
          target: ts.ScriptTarget.ES2022,
          module: ts.ModuleKind.ESNext,
          verbatimModuleSyntax: true,
          rewriteRelativeImportExtensions: true,
        },
      });
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, outputText);
    }
    writeFileSync(path.join(draft, "package.json"), JSON.stringify({ type: "module" }));
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another start may have been first.
    if (!existsSync(target)) throw error;
  }
}

/** Removes what earlier versions of the sources, and starts that were killed, have left. */
function removeOld(target) {
  for (const name of readdirSync(cache)) {
    const folder = path.join(cache, name);
    const changed = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (folder !== target && Date.now() - changed > day) rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns {Promise<string>} the room's main module: stripped, or the source itself with tsx to load it */
async function mainModule() {
  const sources = readSources();
  const hash = createHash("sha256");
  for (const [name, text] of sources) hash.update(`${name}\0${text}\0`);
  const target = path.join(cache, hash.digest("hex").slice(0, 16));
  try {
    if (!existsSync(target)) {
      await strip(sources, target);
      removeOld(target);
    }
    return path.join(target, room, "main.js");
  } catch {
    // A checkout that we may not write, or one without typescript: slower, but the same.
    const { register } = await import("tsx/esm/api");
    register();
    return path.join(here, room, "main.ts");
  }
}

await import(pathToFileURL(await mainModule()).href);
