import { RELEASES } from "../../components/releases/releases.ts";
import { finding, type Gate } from "./gate.ts";

/** A step between two releases of the GPU stack that an update may not make. */
export interface Leap {
  /** Releases in between, in the order in which they are gone through; empty where that is not known. */
  readonly between: readonly string[];
  readonly down: boolean;
}

/**
 * What is wrong with going from one release to another: NVIDIA tests a step to the next one, or back by one. Undefined:
 * nothing. @param order all releases, the oldest first; one that is not among them may be any number of steps away
 */
export function leap(order: readonly string[], from: string, to: string): Leap | undefined {
  if (from === to) return undefined;
  const [start, end] = [order.indexOf(from), order.indexOf(to)];
  if (start < 0 || end < 0) return { between: [], down: false };
  if (Math.abs(end - start) <= 1) return undefined;
  const between = order.slice(Math.min(start, end) + 1, Math.max(start, end));
  return { between: end < start ? between.toReversed() : between, down: end < start };
}

/** The GPU stack goes from release to release: skipping one is no step that anybody has tested. */
export const releaseGate: Gate = (input) => {
  const { zone, lastRelease } = input;
  if (!zone.gpu.managed || lastRelease === undefined) return [];
  const { release } = zone.gpu;
  const order = Object.keys(RELEASES);
  const wrong = leap(order, lastRelease, release);
  if (wrong === undefined) return [];
  const [next] = wrong.between;
  return [
    finding(input, "GZ312", "gpu.release", {
      message:
        next === undefined
          ? `wanted a release beside ${lastRelease}, which the zone has, got ${release}: how far that is nobody knows here (known: ${order.join(", ")})`
          : `wanted a release beside ${lastRelease}, which the zone has, got ${release}: ${wrong.down ? "going back, " : ""}${wrong.between.join(", ")} would be skipped`,
      fix:
        next === undefined
          ? `use a version of gpu-zones that knows ${lastRelease}, and go from there release by release`
          : `write gpu-zones:gpu: { release: "${next}" }, ./zones up ${zone.name} and ./zones rollout ${zone.name}; then the one after it`,
    }),
  ];
};
