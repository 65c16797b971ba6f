import type { NodePool, Zone } from "../config/zone.ts";
import {
  isPartitioned,
  layoutOf,
  productLabel,
  profileName,
  sharingReplicas,
  uniformProfile,
} from "./product-label.ts";
import { poolMigStrategy, sharesByMps } from "./sharing.ts";

const PREFIX = "nvidia.com/";

/**
 * What GPU Feature Discovery will say of the pool's GPUs once its nodes are cut and shared as declared
 * (k8s-device-plugin v0.20.0, internal/lm). What hardware alone decides (memory, capability, driver) is left out.
 * @returns undefined when the pool's MIG layout is not known
 */
export function predictedLabels(
  zone: Pick<Zone, "gpu">,
  pool: NodePool,
): Readonly<Record<string, string>> | undefined {
  const strategy = poolMigStrategy(zone.gpu, pool);
  const layout = layoutOf(pool);
  if (layout === undefined) return undefined;
  const replicas = sharingReplicas(pool);
  const way = sharesByMps(pool) ? "mps" : "time-slicing";
  const group = (name: string, product: string, count: number, each: number): Record<string, string> => ({
    [`${PREFIX}${name}.product`]: product,
    [`${PREFIX}${name}.count`]: String(count),
    [`${PREFIX}${name}.replicas`]: String(each),
    [`${PREFIX}${name}.sharing-strategy`]: each > 1 ? way : "none",
  });
  const node = {
    ...(strategy !== "none" && { [`${PREFIX}mig.strategy`]: strategy }),
    [`${PREFIX}mps.capable`]: String(sharesByMps(pool) && !isPartitioned(pool)),
  };
  const product = productLabel(pool, strategy);
  const boards = pool.gpusPerNode;
  if (!isPartitioned(pool)) return { ...node, ...group("gpu", product, boards, replicas) };
  if (strategy === "single") {
    const slices = Object.values(layout)[0] ?? 0;
    return {
      ...node,
      ...(uniformProfile(pool) === undefined
        ? group("gpu", product, 0, 0)
        : group("gpu", product, slices * boards, replicas)),
    };
  }
  // A board in MIG mode is still counted, and offers nothing as a whole.
  const whole = group("gpu", product, boards, 0);
  const slices = strategy === "mixed" ? Object.entries(layout) : [];
  const shared = replicas > 1 ? "-SHARED" : "";
  const devices = slices.map(([profile, count]) => {
    const name = profileName(profile);
    return group(`mig-${name}`, `${pool.product}-MIG-${name}${shared}`, count * boards, replicas);
  });
  return { ...node, ...whole, ...(Object.assign({}, ...devices) as Record<string, string>) };
}
