import { parse } from "yaml";

/** A board as NVML tells of it. */
export interface NvmlBoard {
  readonly name: string;
  readonly migEnabled: boolean;
  /** Profiles of its MIG devices, one entry for each device. */
  readonly migDevices: readonly string[];
}

interface SharedResource {
  readonly name: string;
  readonly replicas: number;
}

/** The device plugin's file, which GPU Feature Discovery reads too. */
interface PluginFile {
  readonly flags: { readonly migStrategy: string };
  readonly sharing?: {
    readonly [way in "timeSlicing" | "mps"]?: { readonly resources: readonly SharedResource[] };
  };
}

type Labels = Record<string, string>;

/**
 * The naming rules of GPU Feature Discovery (k8s-device-plugin v0.20.0, internal/lm), written a second time and from
 * the devices' side: boards and MIG devices in, labels out. Nothing of the product's prediction is used.
 */
export function discover(boards: readonly NvmlBoard[], pluginFile: string): Labels {
  const file = parse(pluginFile) as PluginFile;
  const { migStrategy } = file.flags;
  return {
    ...(migStrategy === "none" ? {} : { "nvidia.com/mig.strategy": migStrategy }),
    "nvidia.com/mps.capable": String(
      file.sharing?.mps !== undefined && boards.every(({ migEnabled }) => !migEnabled),
    ),
    ...resources(boards, file),
  };
}

function resources(boards: readonly NvmlBoard[], file: PluginFile): Labels {
  switch (file.flags.migStrategy) {
    case "mixed":
      return {
        ...fullGpus(boards, file),
        ...migDevices(boards, file, (profile) => `mig-${dotted(profile)}`),
      };
    case "single":
      return single(boards, file);
    default:
      return fullGpus(boards, file);
  }
}

function single(boards: readonly NvmlBoard[], file: PluginFile): Labels {
  const enabled = boards.filter(({ migEnabled }) => migEnabled);
  if (enabled.length === 0) return fullGpus(boards, file);
  const kinds = new Set(enabled.flatMap((board) => board.migDevices));
  const usable =
    enabled.length === boards.length &&
    enabled.every((board) => board.migDevices.length > 0) &&
    kinds.size === 1;
  if (usable) return migDevices(boards, file, () => "gpu");
  return {
    "nvidia.com/gpu.product": product([boards[0]?.name ?? "", "MIG", "INVALID"]),
    "nvidia.com/gpu.count": "0",
    "nvidia.com/gpu.replicas": "0",
    "nvidia.com/gpu.sharing-strategy": "none",
  };
}

/** Boards of one name; those in MIG mode are labelled as if nothing could be shared. */
function fullGpus(boards: readonly NvmlBoard[], file: PluginFile): Labels {
  const [first] = boards;
  if (first === undefined) return {};
  return describe("gpu", [first.name], boards.length, first.migEnabled ? null : file);
}

function migDevices(
  boards: readonly NvmlBoard[],
  file: PluginFile,
  resourceOf: (profile: string) => string,
): Labels {
  const labels: Labels = {};
  const devices = boards.flatMap((board) => board.migDevices.map((profile) => ({ board, profile })));
  for (const { board, profile } of devices) {
    const count = devices.filter((other) => other.profile === profile).length;
    Object.assign(labels, describe(resourceOf(profile), [board.name, "MIG", dotted(profile)], count, file));
  }
  return labels;
}

/** @param file null: sharing is off */
function describe(
  resource: string,
  parts: readonly string[],
  count: number,
  file: PluginFile | null,
): Labels {
  const way = file?.sharing?.mps === undefined ? "time-slicing" : "mps";
  const shared = (file?.sharing?.mps ?? file?.sharing?.timeSlicing)?.resources.find(
    ({ name }) => name === `nvidia.com/${resource}`,
  );
  return {
    [`nvidia.com/${resource}.product`]: product(shared === undefined ? parts : [...parts, "SHARED"]),
    [`nvidia.com/${resource}.count`]: String(count),
    [`nvidia.com/${resource}.replicas`]: String(file === null ? 0 : (shared?.replicas ?? 1)),
    [`nvidia.com/${resource}.sharing-strategy`]: shared === undefined ? "none" : way,
  };
}

function product(parts: readonly string[]): string {
  return parts
    .map((part) =>
      part
        .replaceAll(/[^A-Za-z0-9-_. ]/g, "")
        .split(/\s+/)
        .join("-"),
    )
    .join("-");
}

function dotted(profile: string): string {
  return profile.replaceAll("+", ".");
}
