import { migText } from "../gpu/places.ts";
import { isPartitioned, migStrategy, uniformProfile } from "../gpu/product-label.ts";
import { configPlace, type Check } from "./check.ts";

/** Under none a cut board is offered whole and is no use; under single unequal slices stop the device plugin. */
export const migStrategyOffersLayout: Check = ({ zone }) => {
  const strategy = migStrategy(zone.gpu);
  if (strategy === "mixed") return [];
  return Object.entries(zone.nodePools).flatMap(([name, pool]) => {
    if (pool.mig === undefined || !isPartitioned(pool)) return [];
    if (strategy === "single" && uniformProfile(pool) !== undefined) return [];
    const got = migText(pool.mig);
    return [
      {
        ...configPlace(zone, `nodePools.${name}.mig`),
        code: "GZ209" as const,
        severity: "error" as const,
        ...(strategy === "none"
          ? {
              message: `wanted whole boards under gpu.mig.strategy none, got ${got}: no process can use a board in MIG mode`,
              fix: "set gpu.mig.strategy to single or mixed, or take mig out of the pool",
            }
          : {
              message: `wanted equal MIG devices under gpu.mig.strategy single, got ${got}, of which the device plugin offers nothing`,
              fix: "set gpu.mig.strategy: mixed, or cut the boards into slices of one profile",
            }),
      },
    ];
  });
};
