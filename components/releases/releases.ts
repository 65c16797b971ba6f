import { RELEASE_26_7 } from "./26.7.ts";
import type { Release } from "./release.ts";

/** Every GPU stack release, by the name that `gpu.release` takes, the oldest first: none is skipped by an update. */
export const RELEASES = { "26.7": RELEASE_26_7 } as const satisfies Record<string, Release>;
