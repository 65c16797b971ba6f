import parse from "semver/functions/parse.js";
import satisfies from "semver/functions/satisfies.js";
import type { Pin } from "./pins.ts";

const VERSION = /\bv?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)/;

/** The first full version in what a tool prints for its version flag, without `v`; undefined when there is none. */
export function printedVersion(output: string): string | undefined {
  return parse(VERSION.exec(output)?.[1])?.version;
}

/** True when a tool of that version does for `pin`; a vendor's build (`1.36.2-gke.100`) counts as the release it was made of. */
export function fits(pin: Pick<Pin, "fits">, version: string | undefined): boolean {
  if (pin.fits === undefined) return true;
  const release = parse(version);
  if (release === null) return false;
  return satisfies(`${release.major}.${release.minor}.${release.patch}`, pin.fits);
}
