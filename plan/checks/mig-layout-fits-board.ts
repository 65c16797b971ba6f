import { isWithoutMig } from "../gpu/boards.ts";
import { migBoard, standardLayout, standardLayoutNames } from "../gpu/mig.ts";
import { isPartitioned } from "../gpu/product-label.ts";
import { configPlace, type Check } from "./check.ts";

/** A layout that the board does not have ends in `mig.config.state=failed` on the node, long after the update. */
export const migLayoutFitsBoard: Check = ({ zone }) =>
  Object.entries(zone.nodePools).flatMap(([name, pool]) => {
    const layout = pool.mig;
    if (layout === undefined || !isPartitioned(pool)) return [];
    const place = configPlace(zone, `nodePools.${name}.mig`);
    if (isWithoutMig(pool.product)) {
      return [
        {
          ...place,
          code: "GZ202" as const,
          severity: "error" as const,
          message: `wanted a board that can be cut into MIG devices, got ${pool.product}, which has no MIG`,
          fix: "take mig out of the pool; sharing: { timeSlicing: n } lets pods share the board",
        },
      ];
    }
    const board = migBoard(pool.product);
    if (board === undefined) {
      return [
        {
          ...place,
          code: "GZ202" as const,
          severity: "warning" as const,
          message: `wanted a board whose MIG layouts are known, got ${pool.product}: ${layout} is not checked`,
          fix: "check the layout against nvidia-smi mig -lgip on such a node",
        },
      ];
    }
    if (standardLayout(pool.product, layout) !== undefined) return [];
    return [
      {
        ...place,
        code: "GZ202" as const,
        severity: board.verified ? ("error" as const) : ("warning" as const),
        message: `wanted a MIG layout that ${pool.product} has, got ${layout}${board.verified ? "" : " (this board's table is unverified)"}`,
        fix: `${likelyMeant(pool.product, layout)}the board has: ${standardLayoutNames(pool.product).join(", ")}`,
      },
    ];
  });

/** `all-3g.40gb` on a 40 GB board: the same compute slices under the name that this board gives them. */
function likelyMeant(product: string, layout: string): string {
  const slices = /^all-(\d+g)\./.exec(layout)?.[1];
  const same = standardLayoutNames(product).find((name) => name.startsWith(`all-${slices ?? "?"}.`));
  return same === undefined ? "" : `here that is ${same}; `;
}
