import { readFile, realpath } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { Problem } from "../config/problem.ts";
import type { Zone } from "../config/zone.ts";
import { isWithin } from "./kustomization-walk.ts";
import { isRemote } from "./remote.ts";

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
    const { path: file, ...rest } = entry;
    if (typeof file !== "string") {
      patches.push(entry);
      continue;
    }
    const read = await readInside(repository, join("apps", app), file);
    if ("text" in read) {
      patches.push({ ...rest, patch: read.text });
    } else {
      const path = `apps.${app}.patches.${index}.path`;
      const { file: at = `Pulumi.${zone.name}.yaml`, line = 0 } = zone.origins.nearest(path) ?? {};
      problems.push({ severity: "error", zone: zone.name, path, file: at, line, ...read });
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
  return { text: await readFile(real, "utf8") };
}
