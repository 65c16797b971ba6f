import type { z } from "zod";
import { quantityValue, type Quantity } from "../quantity.ts";
import { FLEET } from "./defaults.ts";
import { driverOf } from "../gpu/driver.ts";
import { driverRules } from "./driver-rules.ts";
import type { Problem } from "./problem.ts";
import type { Merged } from "./layers.ts";
import { suggestion } from "./nearest.ts";
import type { Origins } from "./origins.ts";
import { ruleError as error } from "./rule-error.ts";
import type { resources } from "./schema/values.ts";
import type { ZoneSettings } from "./schema/zone.ts";

/** What a rule sees: the validated settings, before they become a Zone. */
export interface RuleInput {
  readonly zone: string;
  /** Without pools and apps that have a wrong value: what follows from it is no problem of its own. */
  readonly settings: ZoneSettings;
  /** All that are written, right or wrong. */
  readonly names: { readonly apps: readonly string[]; readonly classes: readonly string[] };
  readonly origins: Origins;
}

/** What the rules see of a zone of which some values may be wrong. */
export function ruleInput(zone: string, settings: ZoneSettings, { value, origins }: Merged): RuleInput {
  const written = (key: string): string[] => Object.keys(asMap(value[key]));
  return { zone, settings, names: { apps: written("apps"), classes: written("hardware") }, origins };
}

type Resources = z.infer<typeof resources>;

export type Rule = (input: RuleInput) => Problem[];

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

const hardwareClassExists: Rule = ({ zone, settings, names, origins }) =>
  Object.entries(settings.nodePools).flatMap(([name, pool]) =>
    pool.hardware === undefined || names.classes.includes(pool.hardware)
      ? []
      : [
          error(zone, origins, `nodePools.${name}.hardware`, "GZ009", {
            message: `wanted a hardware class, got ${JSON.stringify(pool.hardware)}`,
            fix: suggestion(pool.hardware, names.classes),
          }),
        ],
  );

const poolIsComplete: Rule = ({ zone, settings, names, origins }) =>
  Object.entries(settings.nodePools).flatMap(([name, pool]) => {
    // A class that does not exist is told of already; what it would have given is anybody's guess.
    const unknownClass = pool.hardware !== undefined && !names.classes.includes(pool.hardware);
    const wanted = [
      "product",
      "gpusPerNode",
      ...(settings.gpu.managed ? keysOfDriver(settings, pool) : []),
    ] as const;
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

/** What chooses the image of the pool's driver. */
function keysOfDriver(settings: ZoneSettings, pool: ZoneSettings["nodePools"][string]): ("os" | "kernel")[] {
  const { mode } = driverOf(settings, pool);
  if (mode === "preinstalled") return [];
  return mode === "precompiled" ? ["os", "kernel"] : ["os"];
}

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

const appNameIsFree: Rule = ({ zone, names, origins }) =>
  names.apps
    .filter((name) => (RESERVED_OWNERS as readonly string[]).includes(name))
    .map((name) =>
      error(zone, origins, `apps.${name}`, "GZ003", {
        message: `wanted an app name that no GPU operand has, got ${name}`,
        fix: "rename the app's folder and its key",
      }),
    );

const orderCanBeMet: Rule = ({ zone, settings, names, origins }) => {
  const apps = settings.apps;
  const enabled = names.apps.filter((name) => apps[name]?.enabled !== false);
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

/** Labels that one selector asks for and another asks for too: every node of the second is one of the first. */
const selectorsChooseOtherNodes: Rule = ({ zone, settings, origins }) => {
  const pools = Object.entries(settings.nodePools).flatMap(([name, { selector }]) =>
    selector === undefined ? [] : [{ name, labels: Object.entries(selector), selector }],
  );
  const empty = pools
    .filter(({ labels }) => labels.length === 0)
    .map(({ name }) =>
      error(zone, origins, `nodePools.${name}.selector`, "GZ003", {
        message: `wanted labels that choose the nodes of pool ${name}, got none: every node has them`,
        fix: "write a label that only these nodes have",
      }),
    );
  const overlapping = pools.flatMap((pool, index) =>
    pools.slice(0, index).flatMap((other) => {
      const [few, many] = pool.labels.length < other.labels.length ? [pool, other] : [other, pool];
      if (few.labels.length === 0) return [];
      if (few.labels.some(([key, value]) => many.selector[key] !== value)) return [];
      return [
        error(zone, origins, `nodePools.${pool.name}.selector`, "GZ003", {
          message: `wanted nodes that belong to one pool, got every node of ${many.name} in pool ${few.name} too`,
          fix: `write a label into the selector of ${few.name} by which its nodes differ`,
        }),
      ];
    }),
  );
  return [...empty, ...overlapping];
};

/** Kubernetes refuses a container that asks for more than it may use. */
const requestFitsLimit: Rule = ({ zone, settings, origins }) => {
  const check = (path: string, resources: Resources | undefined): Problem[] =>
    (["cpu", "memory"] as const).flatMap((key) => {
      const request = resources?.requests?.[key] ?? resources?.[key];
      const limit = resources?.limits?.[key] ?? resources?.[key];
      if (request === undefined || limit === undefined || !isAbove(request, limit)) return [];
      const own = resources?.requests?.[key] === undefined ? `limits.${key}` : `requests.${key}`;
      return [
        error(zone, origins, `${path}.${own}`, "GZ003", {
          message: `wanted a request of ${key} up to the limit ${limit}, got ${request}`,
          fix: "lower the request or raise the limit",
        }),
      ];
    });
  return [
    ...Object.entries(settings.apps).flatMap(([name, app]) =>
      check(`apps.${name}.resources`, app?.resources),
    ),
    ...Object.entries(settings.gpu).flatMap(([key, operand]) =>
      check(`gpu.${key}.resources`, (asMap(operand) as { readonly resources?: Resources }).resources),
    ),
  ];
};

/** Keys of `gpu` that say something of a zone whose GPU stack is somebody else's, too: what its nodes offer. */
const READ_ALWAYS: readonly string[] = ["managed", "release", "mig", "readyTimeout"];

/**
 * Where somebody else runs the GPU stack, the keys of its operands change nothing. A layer writes them for other zones:
 * only who says so himself, or the zone that does, is told.
 */
const operandsAreOurs: Rule = ({ zone, settings, origins }) => {
  if (settings.gpu.managed) return [];
  const tellers = [zone, origins.nearest("gpu.managed")?.layer];
  const unread = Object.entries(settings.gpu).filter(
    ([key, value]) =>
      value !== undefined &&
      !READ_ALWAYS.includes(key) &&
      !isMigStrategyAlone(key, value) &&
      tellers.includes(origins.nearest(`gpu.${key}`)?.layer),
  );
  return unread.map(([key]) => ({
    ...error(zone, origins, `gpu.${key}`, "GZ003", {
      message: `wanted gpu.managed: true beside gpu.${key}, got false: nothing reads gpu.${key} then`,
      fix: `take ${key} out, or set it where the GPU stack is installed`,
    }),
    severity: "warning",
  }));
};

/** `migManager.strategy` is another name of `mig.strategy`. */
function isMigStrategyAlone(key: string, value: unknown): boolean {
  return key === "migManager" && Object.keys(asMap(value)).every((each) => each === "strategy");
}

const layersAreNamedOnce: Rule = ({ zone, settings, origins }) =>
  settings.extends.flatMap((name, index) => {
    const text =
      name === FLEET
        ? {
            message: "wanted a layer beside fleet, got fleet",
            fix: "take it out: every zone builds on fleet",
          }
        : settings.extends.indexOf(name) < index
          ? { message: `wanted each layer once, got ${name} twice`, fix: "take one of the two out" }
          : undefined;
    return text === undefined ? [] : [error(zone, origins, `extends.${index}`, "GZ003", text)];
  });

const RULES: readonly Rule[] = [
  layersAreNamedOnce,
  hardwareClassExists,
  poolIsComplete,
  nodeBelongsToOnePool,
  selectorsChooseOtherNodes,
  appNameIsFree,
  orderCanBeMet,
  requestFitsLimit,
  operandsAreOurs,
  ...driverRules,
];

function asMap(value: unknown): object {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

function isAbove(request: Quantity, limit: Quantity): boolean {
  const [wanted, most] = [quantityValue(request), quantityValue(limit)];
  return wanted !== undefined && most !== undefined && wanted > most;
}
