import parse from "semver/functions/parse.js";
import satisfies from "semver/functions/satisfies.js";
import valid from "semver/functions/valid.js";
import type { Pin } from "./pins.ts";

const VERSION = /\bv?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)/;

/** The first full version in what a tool prints for its version flag, without `v`, with what a vendor added; undefined when there is none. */
export function printedVersion(output: string): string | undefined {
  const version = VERSION.exec(output)?.[1];
  return parse(version) === null ? undefined : version;
}

/**
 * True when a tool of that version does for `pin`. In a range a vendor's build (`1.36.2-gke.100`) counts as the release it was made of;
 * one exact version is meant to the letter: a candidate or a fork may render differently.
 */
export function fits(pin: Pick<Pin, "fits">, version: string | undefined): boolean {
  if (pin.fits === undefined) return true;
  const release = parse(version);
  if (release === null) return false;
  if (valid(pin.fits) !== null) return version === pin.fits;
  return satisfies(`${release.major}.${release.minor}.${release.patch}`, pin.fits);
}
