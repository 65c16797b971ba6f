import { readFile, realpath, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { suggestion } from "../config/nearest.ts";
import type { Problem } from "../config/problem.ts";
import type { Zone } from "../config/zone.ts";
import { isWithin } from "./kustomization-walk.ts";
import { isRemote } from "./remote.ts";

/** Keys of a patch, in this spelling only: kustomize ignores case, and would fetch what `Path` names. */
const PATCH_KEYS = ["path", "patch", "target", "options"];

/** An entry of kustomize's `patches`. */
export type ZonePatch = Readonly<Record<string, unknown>>;

/**
 * An app's `patches` as the zone has them, with files read in: `path` is relative to apps/<app>/ and stays inside it.
 * @param repository absolute path, symbolic links resolved
 */
export async function readZonePatches(
  repository: string,
  zone: Zone,
  app: string,
): Promise<{ patches: ZonePatch[]; problems: Problem[] }> {
  const problems: Problem[] = [];
  const patches: ZonePatch[] = [];
  for (const [index, entry] of (zone.apps[app]?.patches ?? []).entries()) {
    const unknown = Object.keys(entry).filter((key) => !PATCH_KEYS.includes(key));
    const at = (key: string): Pick<Problem, "severity" | "zone" | "path" | "file" | "line"> => {
      const path = `apps.${app}.patches.${index}.${key}`;
      const { file = `Pulumi.${zone.name}.yaml`, line = 0 } = zone.origins.nearest(path) ?? {};
      return { severity: "error", zone: zone.name, path, file, line };
    };
    for (const key of unknown) {
      const message = `a patch has no key "${key}"`;
      problems.push({ ...at(key), code: "GZ002", message, fix: suggestion(key, PATCH_KEYS) });
    }
    if (unknown.length > 0) continue;
    const { path: file, ...rest } = entry;
    if (file === undefined) {
      patches.push(entry);
      continue;
    }
    if (typeof file !== "string") {
      const message = `wanted the name of a patch file, got ${JSON.stringify(file)}`;
      problems.push({
        ...at("path"),
        code: "GZ003",
        message,
        fix: "give one name; several files are several patches",
      });
      continue;
    }
    const read = await readInside(repository, join("apps", app), file);
    if ("text" in read) {
      patches.push({ ...rest, patch: read.text });
    } else {
      problems.push({ ...at("path"), ...read });
    }
  }
  return { patches, problems };
}

async function readInside(
  repository: string,
  folder: string,
  file: string,
): Promise<{ text: string } | Pick<Problem, "code" | "message" | "fix">> {
  const outside = {
    code: "GZ102",
    message: `wanted a patch file in ${folder}, got ${file}, which is elsewhere`,
    fix: `move the file into ${folder}, and name it from there`,
  } as const;
  const inside = join(repository, folder);
  if (isRemote(file) || isAbsolute(file) || !isWithin(inside, join(inside, file))) return outside;
  const real = await realpath(join(inside, file)).catch(() => undefined);
  if (real === undefined) {
    return {
      code: "GZ103",
      message: `wanted a patch file, got ${file}: ${join(folder, file)} does not exist`,
      fix: `write it, or name it as it stands below ${folder}`,
    };
  }
  if (!isWithin(await realpath(inside), real)) return outside;
  if (!(await stat(real)).isFile()) {
    return {
      code: "GZ103",
      message: `wanted a patch file, got ${file}: ${join(folder, file)} is no file`,
      fix: "name the file; several files are several patches",
    };
  }
  return { text: await readFile(real, "utf8") };
}
