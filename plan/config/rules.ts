import type { Problem } from "./problem.ts";
import { suggestion } from "./nearest.ts";
import type { Origins } from "./origins.ts";
import type { ZoneSettings } from "./schema/zone.ts";

/** What a rule sees: the validated settings, before they become a Zone. */
export interface RuleInput {
  readonly zone: string;
  readonly settings: ZoneSettings;
  readonly origins: Origins;
}

type Rule = (input: RuleInput) => Problem[];

/** Names of operands and of the zone itself: an app of that name would own the same logical names. */
export const RESERVED_OWNERS = [
  "zone",
  "cluster",
  "runtime-classes",
  "driver",
  "container-toolkit",
  "operator-validator",
  "device-plugin",
  "mps-control-daemon",
  "gpu-feature-discovery",
  "dcgm",
  "dcgm-exporter",
  "mig-manager",
  "node-status-exporter",
  "node-feature-discovery",
  "labeller",
] as const;

/** Every rule, so that all problems come at once. */
export function checkRules(input: RuleInput): Problem[] {
  return RULES.flatMap((rule) => rule(input));
}

const hardwareClassExists: Rule = ({ zone, settings, origins }) =>
  Object.entries(settings.nodePools).flatMap(([name, pool]) =>
    pool.hardware === undefined || Object.hasOwn(settings.hardware, pool.hardware)
      ? []
      : [
          error(zone, origins, `nodePools.${name}.hardware`, "GZ009", {
            message: `wanted a hardware class, got ${JSON.stringify(pool.hardware)}`,
            fix: suggestion(pool.hardware, Object.keys(settings.hardware)),
          }),
        ],
  );

const poolIsComplete: Rule = ({ zone, settings, origins }) =>
  Object.entries(settings.nodePools).flatMap(([name, pool]) => {
    // A class that does not exist is told of already; what it would have given is anybody's guess.
    const unknownClass = pool.hardware !== undefined && !Object.hasOwn(settings.hardware, pool.hardware);
    const wanted = settings.gpu.managed
      ? (["product", "gpusPerNode", "os"] as const)
      : (["product", "gpusPerNode"] as const);
    const missing = unknownClass ? [] : wanted.filter((key) => pool[key] === undefined);
    const problems = missing.map((key) =>
      error(zone, origins, `nodePools.${name}.${key}`, "GZ004", {
        message: `wanted ${key} of pool ${name}, got nothing`,
        fix: `write ${key}: into the pool or into its hardware class`,
      }),
    );
    const hasNodes = pool.nodes !== undefined;
    if (
      hasNodes === (pool.selector !== undefined) ||
      (pool.selector !== undefined) !== (pool.count !== undefined)
    ) {
      problems.push(
        error(zone, origins, `nodePools.${name}`, "GZ004", {
          message: `wanted nodes: [name…], or selector: with count:, got ${hasNodes ? "parts of both" : "neither in full"}`,
          fix: "name the nodes, or choose them by labels and say how many there are",
        }),
      );
    }
    return problems;
  });

const nodeBelongsToOnePool: Rule = ({ zone, settings, origins }) => {
  const owner = new Map<string, string>();
  return Object.entries(settings.nodePools).flatMap(([name, pool]) =>
    (pool.nodes ?? []).flatMap((node, index) => {
      const first = owner.get(node);
      if (first === undefined) {
        owner.set(node, name);
        return [];
      }
      const text =
        first === name
          ? {
              message: `wanted each node of pool ${name} once, got ${node} twice`,
              fix: "take one of the two out",
            }
          : {
              message: `wanted a node that belongs to one pool, got ${node}, which is in pool ${first} too`,
              fix: `take ${node} out of one of the two pools`,
            };
      return [error(zone, origins, `nodePools.${name}.nodes.${index}`, "GZ003", text)];
    }),
  );
};

const appNameIsFree: Rule = ({ zone, settings, origins }) =>
  Object.keys(settings.apps)
    .filter((name) => (RESERVED_OWNERS as readonly string[]).includes(name))
    .map((name) =>
      error(zone, origins, `apps.${name}`, "GZ003", {
        message: `wanted an app name that no GPU operand has, got ${name}`,
        fix: "rename the app's folder and its key",
      }),
    );

const orderCanBeMet: Rule = ({ zone, settings, origins }) => {
  const apps = settings.apps;
  const enabled = Object.keys(apps).filter((name) => apps[name]?.enabled !== false);
  const after = (name: string): readonly string[] => apps[name]?.after ?? [];
  const unknown = enabled.flatMap((name) =>
    after(name).flatMap((other, index) =>
      enabled.includes(other)
        ? []
        : [
            error(zone, origins, `apps.${name}.after.${index}`, "GZ206", {
              message: `wanted an app of this zone, got ${other}`,
              fix: suggestion(other, enabled),
            }),
          ],
    ),
  );
  const cycle = findCycle(enabled, after);
  if (cycle === undefined) return unknown;
  const [first = ""] = cycle;
  return [
    ...unknown,
    error(zone, origins, `apps.${first}.after`, "GZ206", {
      message: `wanted an order, got a circle: ${cycle.join(" -> ")}`,
      fix: "take one of the arrows out",
    }),
  ];
};

/** The first circle in the order, with its first name again at the end. */
function findCycle(
  names: readonly string[],
  after: (name: string) => readonly string[],
): string[] | undefined {
  const done = new Set<string>();
  const visit = (name: string, trail: readonly string[]): string[] | undefined => {
    const start = trail.indexOf(name);
    if (start >= 0) return [...trail.slice(start), name];
    if (done.has(name)) return undefined;
    for (const next of after(name)) {
      const found = visit(next, [...trail, name]);
      if (found !== undefined) return found;
    }
    done.add(name);
    return undefined;
  };
  for (const name of names) {
    const found = visit(name, []);
    if (found !== undefined) return found;
  }
  return undefined;
}

const RULES: readonly Rule[] = [
  hardwareClassExists,
  poolIsComplete,
  nodeBelongsToOnePool,
  appNameIsFree,
  orderCanBeMet,
];

function error(
  zone: string,
  origins: Origins,
  path: string,
  code: Problem["code"],
  text: Pick<Problem, "message" | "fix">,
): Problem {
  const origin = origins.nearest(path);
  return {
    code,
    severity: "error",
    zone,
    path,
    file: origin?.file ?? `Pulumi.${zone}.yaml`,
    line: origin?.line ?? 0,
    ...text,
  };
}
