import type { Problem } from "../config/problem.ts";
import type { NodePool } from "../config/zone.ts";
import { isAsOldAs } from "../gpu/architecture.ts";
import { isPartitioned, sharingReplicas } from "../gpu/product-label.ts";
import { sharesByMps } from "../gpu/sharing.ts";
import { configPlace, type Check } from "./check.ts";

/** Clients of one GPU before Turing, compute capability 7.5 (k8s-device-plugin v0.20.0, MPS control daemon). */
const OLD_CLIENTS_MAX = 16;

/** A pool whose GPUs are shared in a way that the device plugin does not start with offers no GPU at all. */
export const sharingWorks: Check = ({ zone }) =>
  Object.entries(zone.nodePools).flatMap(([name, pool]) =>
    sharesByMps(pool) ? mpsFindings(pool, (path) => configPlace(zone, `nodePools.${name}.${path}`)) : [],
  );

type Place = (path: string) => ReturnType<typeof configPlace>;

function mpsFindings(pool: NodePool, place: Place): Problem[] {
  const { product } = pool;
  const replicas = sharingReplicas(pool);
  const text = isPartitioned(pool)
    ? {
        severity: "error" as const,
        message:
          "wanted whole boards under sharing by MPS, got a pool with mig: MPS does not share MIG devices",
        fix: "take mig out of the pool, or share the MIG devices: sharing: { timeSlicing: n }",
      }
    : isAsOldAs(product, "pascal")
      ? {
          severity: "warning" as const,
          message: `wanted a board that MPS can share with limits, got ${product}, which is older than Volta`,
          fix: "share it by sharing: { timeSlicing: n }",
        }
      : isAsOldAs(product, "volta") && replicas > OLD_CLIENTS_MAX
        ? {
            severity: "error" as const,
            message: `wanted ${OLD_CLIENTS_MAX} pods or less on a ${product} that is shared by MPS, got ${replicas}: the MPS control daemon refuses more`,
            fix: `write mps: ${OLD_CLIENTS_MAX} or less, or share it by timeSlicing`,
          }
        : undefined;
  return text === undefined ? [] : [{ ...place("sharing.mps"), code: "GZ210", ...text }];
}
