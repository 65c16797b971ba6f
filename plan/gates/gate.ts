import type { Problem } from "../config/problem.ts";
import type { Zone } from "../config/zone.ts";

/** Which cluster answers behind the zone's context. */
export type Identity =
  | { readonly state: "known"; readonly uid: string }
  /** `reason` in words; `cause` decides what a person can do about it. */
  | { readonly state: "unreachable"; readonly cause: Unreachable; readonly reason: string };

/**
 * Why no cluster answers: no power or network, credentials that are not accepted, a context that nobody defined, a
 * kubeconfig that cannot be read.
 */
export type Unreachable = "dark" | "credentials" | "context" | "kubeconfig";

/** What the gates decide from; clock and cluster are handed in, so that they stay functions. */
export interface RunInput {
  readonly zone: Zone;
  readonly preview: boolean;
  readonly now: Date;
  readonly identity: Identity;
  /** UID of the simulated cluster of this zone, when the run is meant for one. */
  readonly simulatedUid: string | undefined;
  /** Stack output `clusterUid` of the last successful update. */
  readonly lastUid: string | undefined;
  /** Stack output `gpuRelease` of the last successful update that ran the GPU stack. Default: there was none. */
  readonly lastRelease?: string | undefined;
  /** Whether the stack's state holds objects of a cluster. */
  readonly stateHoldsObjects: boolean;
  /** `GPU_ZONES_OVERRIDE`: why a hold or a closed window does not stop this run. */
  readonly override: string | undefined;
}

export type Gate = (input: RunInput) => Problem[];

/** True when somebody said why a hold or a closed window does not stop this run; an empty text says nothing. */
export function isOverridden({ override }: Pick<RunInput, "override">): boolean {
  return override !== undefined && override.trim() !== "";
}

/** A gate's finding: an error in a run, a warning in a preview, which changes nothing. */
export function finding(
  { zone, preview }: Pick<RunInput, "zone" | "preview">,
  code: Problem["code"],
  path: string,
  text: Pick<Problem, "message" | "fix">,
  severity: Problem["severity"] = preview ? "warning" : "error",
): Problem {
  const origin = zone.origins.placeFor(path);
  return {
    code,
    severity,
    zone: zone.name,
    path,
    file: origin?.file ?? `Pulumi.${zone.name}.yaml`,
    line: origin?.line ?? 0,
    ...text,
  };
}
