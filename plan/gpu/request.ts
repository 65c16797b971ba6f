import type { Problem } from "../config/problem.ts";
import { suggestion } from "../config/nearest.ts";
import { LABEL_MAX } from "../config/schema/values.ts";
import type { AppSettings, NodePool, Zone } from "../config/zone.ts";
import { canonicalQuantity, quantityValue, type Quantity } from "../quantity.ts";
import type { GpuTarget } from "../render/gpu-target.ts";
import { boardMemory } from "./boards.ts";
import { migText } from "./places.ts";
import {
  isPartitioned,
  migStrategy,
  offersGpu,
  productLabel,
  profileName,
  profilesOf,
  sharingReplicas,
  uniformProfile,
  type MigStrategy,
} from "./product-label.ts";

const GPU = "nvidia.com/gpu";
const PRODUCT = "nvidia.com/gpu.product";

/** A request for whole boards. */
type WholeGpu = Exclude<NonNullable<AppSettings["gpu"]>, { mig: string } | { productLabel: string }>;

export interface ResolvedRequests {
  /** By app; apps that ask for no GPU have none. */
  readonly targets: Readonly<Record<string, GpuTarget>>;
  readonly problems: readonly Problem[];
}

/** Turns every app's `gpu` into the resource it takes and the exact node labels that the zone will have. */
export function resolveGpuRequests(zone: Zone): ResolvedRequests {
  const targets: Record<string, GpuTarget> = {};
  const problems: Problem[] = [];
  for (const [name, app] of Object.entries(zone.apps)) {
    const target = resolve(new Request(zone, name, problems), app);
    if (target === undefined) continue;
    targets[name] = target;
    const long = [...(target.productLabels ?? []), ...Object.values(target.nodeSelector ?? {})].find(
      (label) => label.length > LABEL_MAX,
    );
    if (long !== undefined) {
      problems.push(
        new Request(zone, name, problems).problem("GZ205", "error", {
          message: `wanted a label of at most ${LABEL_MAX} characters, got ${long} (${long.length}), which no node can carry`,
          fix: "use gpu.mig.strategy: mixed, under which the profile is not part of the label",
        }),
      );
    }
  }
  return { targets, problems };
}

/** One app's request, with what it may choose from. */
class Request {
  readonly zone: Zone;
  readonly app: string;
  readonly strategy: MigStrategy;
  readonly pools: readonly NodePool[];
  readonly problems: Problem[];

  constructor(zone: Zone, app: string, problems: Problem[]) {
    this.zone = zone;
    this.app = app;
    this.strategy = migStrategy(zone.gpu);
    this.pools = Object.values(zone.nodePools);
    this.problems = problems;
  }

  problem(
    code: Problem["code"],
    severity: Problem["severity"],
    text: Pick<Problem, "message" | "fix">,
  ): Problem {
    const path = `apps.${this.app}.gpu`;
    const origin = this.zone.origins.nearest(path);
    return {
      ...{
        code,
        severity,
        zone: this.zone.name,
        path,
        file: origin?.file ?? `Pulumi.${this.zone.name}.yaml`,
        line: origin?.line ?? 0,
      },
      ...text,
    };
  }

  report(code: Problem["code"], severity: Problem["severity"], message: string, fix: string): void {
    this.problems.push(this.problem(code, severity, { message, fix }));
  }
}

function resolve(request: Request, app: AppSettings): GpuTarget | undefined {
  const gpu = app.gpu;
  if (gpu === undefined) return undefined;
  if ("mig" in gpu) return resolveMig(request, profileName(gpu.mig), gpu.count);
  if ("productLabel" in gpu) return resolveLabel(request, gpu.productLabel, gpu.count);
  return resolveModel(request, gpu);
}

function resolveMig(request: Request, profile: string, count: number): GpuTarget | undefined {
  const { pools, strategy } = request;
  const layouts = pools.flatMap((pool) =>
    isPartitioned(pool) && pool.mig !== undefined ? [migText(pool.mig)] : [],
  );
  // Under single only equal slices are usable. A layout of an unknown board is taken to fit: the nodes decide.
  const fitting = inhabited(
    pools.filter((pool) =>
      strategy === "single"
        ? uniformProfile(pool) === profile
        : (profilesOf(pool)?.includes(profile) ?? pool.mig === "all-balanced"),
    ),
  );
  if (strategy === "none" || fitting.length === 0) {
    request.report(
      "GZ201",
      "error",
      `wanted a MIG profile that a pool of the zone is cut into, got ${profile}${strategy === "none" ? " under strategy none" : ""}`,
      strategy === "none"
        ? "set gpu.mig.strategy to single or mixed"
        : `give a pool mig: all-${profile}, or ask for what there is (${layouts.length > 0 ? layouts.join(", ") : "no pool has a MIG layout"})`,
    );
    return undefined;
  }
  const chosen = sliceChoice(request, fitting, profile);
  if (!checkCount(request, chosen, count) && count > 1) {
    request.report(
      "GZ204",
      "warning",
      `wanted one MIG device, got count ${count}: a process uses one MIG device, more of them are no larger GPU`,
      "ask for a larger profile, or for count: 1",
    );
  }
  if (strategy === "mixed") return { resource: `nvidia.com/mig-${profile}`, count };
  return onLabels(GPU, count, labelsOf(chosen, strategy));
}

/** Unshared slices where a label tells them apart, which is so under single; a word where the app may share one. */
function sliceChoice(request: Request, fitting: readonly NodePool[], profile: string): readonly NodePool[] {
  const unshared = fitting.filter((pool) => sharingReplicas(pool) === 1);
  if (unshared.length === fitting.length) return fitting;
  if (request.strategy === "single" && unshared.length > 0) return unshared;
  const some = unshared.length === 0 ? "every" : "a";
  request.report(
    "GZ203",
    "warning",
    `the app ${unshared.length === 0 ? "shares" : "may share"} its MIG device: ${some} pool of the zone with ${profile} is shared`,
    "take sharing out of the pool, or cut another one into this profile",
  );
  return fitting;
}

function resolveLabel(request: Request, label: string, count: number): GpuTarget {
  const pools = request.pools.filter((pool) => offersGpu(pool, request.strategy));
  const predicted = labelsOf(pools, request.strategy);
  if (!predicted.includes(label)) {
    request.report(
      "GZ201",
      "warning",
      `wanted a ${PRODUCT} of nodes that offer ${GPU}, got ${label}, which none of the zone's pools will have`,
      suggestion(label, predicted),
    );
  }
  checkCount(
    request,
    pools.filter((pool) => productLabel(pool, request.strategy) === label),
    count,
  );
  return { resource: GPU, count, nodeSelector: { [PRODUCT]: label } };
}

function resolveModel(request: Request, gpu: WholeGpu): GpuTarget | undefined {
  const whole = request.pools.filter((pool) => !isPartitioned(pool));
  const ofModel = gpu.model === undefined ? whole : whole.filter((pool) => pool.product === gpu.model);
  if (ofModel.length === 0) {
    const models = [...new Set(whole.map((pool) => pool.product))];
    request.report(
      "GZ201",
      "error",
      gpu.model === undefined
        ? "wanted a whole GPU, got a zone without one"
        : `wanted a board that a pool of the zone has whole, got ${gpu.model}`,
      gpu.model === undefined
        ? "ask for a MIG profile, or give the zone a pool"
        : suggestion(gpu.model, models),
    );
    return undefined;
  }
  const fitting = withMemory(request, inhabited(ofModel), gpu.memory);
  if (fitting.length === 0) return undefined;
  const chosen = wholeChoice(request, fitting, gpu);
  if (chosen === undefined) return undefined;
  checkCount(request, chosen, gpu.count);
  checkTwins(request, chosen);
  // Any GPU of the zone will do: no label to ask for, unless slices go by the same resource (they do not under mixed).
  const named = inhabited(request.strategy === "mixed" ? whole : request.pools);
  if (gpu.model === undefined && chosen.length === named.length) return { resource: GPU, count: gpu.count };
  return onLabels(GPU, gpu.count, labelsOf(chosen, request.strategy));
}

/** Unshared boards where there are any and the app does not take both kinds. */
function wholeChoice(
  request: Request,
  fitting: readonly NodePool[],
  gpu: WholeGpu,
): readonly NodePool[] | undefined {
  const unshared = fitting.filter((pool) => sharingReplicas(pool) === 1);
  const allShared = unshared.length === 0;
  if (allShared && gpu.shared === false) {
    request.report(
      "GZ203",
      "error",
      `wanted a GPU of its own, got a zone in which every ${gpu.model ?? "GPU"} is shared`,
      "give the zone an unshared pool of the board, or agree with shared: true",
    );
    return undefined;
  }
  if (allShared && gpu.shared === undefined) {
    request.report(
      "GZ203",
      "warning",
      `the app shares its GPU: every ${gpu.model ?? "GPU"} of the zone is shared`,
      "write shared: true into the app's gpu to agree, shared: false to refuse",
    );
  }
  return gpu.shared === "any" || allShared ? fitting : unshared;
}

/** Pools whose boards have room for one replica, each of the pods that share one having an equal part. */
function withMemory(
  request: Request,
  pools: readonly NodePool[],
  memory: Quantity | undefined,
): readonly NodePool[] {
  const wanted = memory === undefined ? undefined : quantityValue(memory);
  if (memory === undefined || wanted === undefined) return pools;
  const partOf = (pool: NodePool): number | undefined => {
    const all = boardMemory(pool);
    return all === undefined ? undefined : all / sharingReplicas(pool);
  };
  const fitting = pools.filter((pool) => (partOf(pool) ?? Infinity) >= wanted);
  if (fitting.length === 0) {
    const there = new Set(
      pools.map((pool) => {
        const replicas = sharingReplicas(pool);
        const part = canonicalQuantity(`${Math.floor((partOf(pool) ?? 0) / 2 ** 20)}Mi`) ?? "";
        return `${pool.product} with ${part}${replicas > 1 ? ` for each of ${replicas} pods` : ""}`;
      }),
    );
    const message = `wanted ${memory} of GPU memory for each replica, got ${[...there].join(", ")}`;
    request.report(
      "GZ201",
      "error",
      message,
      "ask for less, for another board, or for a pool that fewer pods share",
    );
  }
  const unknown = [
    ...new Set(fitting.filter((pool) => partOf(pool) === undefined).map(({ product }) => product)),
  ];
  if (unknown.length > 0) {
    request.report(
      "GZ201",
      "warning",
      `wanted boards whose memory is known, got ${unknown.join(", ")}: ${memory} of GPU memory is not checked`,
      "compare it with nvidia-smi on such a node",
    );
  }
  return fitting;
}

/** Nodes that were not chosen must not look like those that were: the scheduler knows resource and label only. */
function checkTwins(request: Request, chosen: readonly NodePool[]): void {
  const labels = labelsOf(chosen, request.strategy);
  const twins = Object.entries(request.zone.nodePools).filter(
    ([, pool]) =>
      !chosen.includes(pool) &&
      pool.count !== 0 &&
      // Under none the device plugin offers boards in MIG mode too, though no process can use them.
      (request.strategy === "none" || offersGpu(pool, request.strategy)) &&
      labels.includes(productLabel(pool, request.strategy)),
  );
  if (twins.length === 0) return;
  request.report(
    "GZ201",
    "error",
    `wanted nodes that a label tells from others, got the pool${twins.length > 1 ? "s" : ""} ${twins.map(([name]) => name).join(", ")} with the same ${PRODUCT} (${labels.join(", ")}), which cannot serve the app`,
    request.strategy === "none"
      ? "set gpu.mig.strategy to single or mixed, or keep whole and partitioned boards of a kind in different zones"
      : "share the boards of a kind among equally many pods, or ask for what every pool of the board has",
  );
}

/** Pools that have nodes; when none has, all of them: the nodes are to come. */
function inhabited(pools: readonly NodePool[]): readonly NodePool[] {
  const withNodes = pools.filter((pool) => pool.count !== 0);
  return withNodes.length > 0 ? withNodes : pools;
}

/**
 * The device plugin refuses more than one shared GPU to a container (failRequestsGreaterThanOne).
 * @returns true when there was something to report
 */
function checkCount(request: Request, pools: readonly NodePool[], count: number): boolean {
  if (count === 1 || !pools.some((pool) => sharingReplicas(pool) > 1)) return false;
  request.report(
    "GZ204",
    "error",
    `wanted count: 1 on a shared GPU, got ${count}: several shares of a GPU are no larger GPU`,
    "ask for count: 1, or for an unshared board",
  );
  return true;
}

function labelsOf(pools: readonly NodePool[], strategy: MigStrategy): string[] {
  return [...new Set(pools.map((pool) => productLabel(pool, strategy)))].toSorted();
}

function onLabels(resource: string, count: number, labels: readonly string[]): GpuTarget {
  const [first, ...more] = labels;
  if (first === undefined) return { resource, count };
  return more.length === 0
    ? { resource, count, nodeSelector: { [PRODUCT]: first } }
    : { resource, count, productLabels: labels };
}
