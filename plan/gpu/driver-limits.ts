import { architectureOf, type Architecture } from "./architecture.ts";

/** Oldest driver of a board. */
interface Oldest {
  readonly version: string;
  /** `board`: NVIDIA says so of the board; `mig`: of the board in MIG mode; `unverified`: no source of NVIDIA's was read. */
  readonly of: "board" | "mig" | "unverified";
}

/** What drivers can drive a board. */
interface DriverLimits {
  /** Every bound that holds for the board as it is used. */
  readonly oldest: readonly Oldest[];
  /** Last branch that knows the board; undefined: the newest do. */
  readonly lastBranch: number | undefined;
  /** The only kind of kernel module that drives it; undefined: both do. */
  readonly modules: "open" | "proprietary" | undefined;
}

/** Last branch for Volta and older (NVRM message of 595, NixOS/nixos-hardware#1880; Azure/AgentBaker#8810). */
const LAST_BEFORE_TURING = 580;

/** Oldest drivers in MIG mode: NVIDIA's MIG user guide 620, "Deployment Considerations". */
const OLDEST: readonly { readonly products: RegExp; readonly oldest: Oldest }[] = [
  { products: /^NVIDIA-A100-/, oldest: { version: "450.80.02", of: "board" } },
  { products: /^NVIDIA-A30$/, oldest: { version: "460.73.01", of: "board" } },
  { products: /^NVIDIA-H100-/, oldest: { version: "525.85.12", of: "mig" } },
  { products: /^NVIDIA-H20$/, oldest: { version: "535.161.07", of: "mig" } },
  { products: /^NVIDIA-H200/, oldest: { version: "550.90.07", of: "mig" } },
  // The operator's release notes say it of HGX B200 whether or not it is cut (cloud-native-docs#184).
  { products: /^NVIDIA-B200$/, oldest: { version: "570.133.20", of: "board" } },
  { products: /^NVIDIA-GB200$/, oldest: { version: "570.133.20", of: "mig" } },
  { products: /^NVIDIA-B300-/, oldest: { version: "580.82.07", of: "mig" } },
  { products: /^NVIDIA-G?B300/, oldest: { version: "580", of: "unverified" } },
  { products: /^NVIDIA-RTX-PRO-6000-/, oldest: { version: "575.51.03", of: "mig" } },
  { products: /^NVIDIA-RTX-PRO-5000-/, oldest: { version: "575.57.08", of: "mig" } },
  { products: /^NVIDIA-RTX-PRO-4500-/, oldest: { version: "575.64", of: "mig" } },
  { products: /^NVIDIA-L(4|40|40S)$/, oldest: { version: "525", of: "unverified" } },
];

/** First branch of a generation, whatever the board. */
const FIRST_BRANCH: { readonly [generation in Architecture]?: string } = { hopper: "525", blackwell: "570" };

/** Boards of Hopper that are one with a Grace CPU: open modules only, as all of Blackwell (NVIDIA's blog on open modules). */
const GRACE = /^NVIDIA-GH200-/;

/** Limits of a board; undefined where the tables do not know it. */
export function driverLimits(product: string, inMigMode: boolean): DriverLimits | undefined {
  const architecture = architectureOf(product);
  if (architecture === undefined) return undefined;
  const old = architecture === "pascal" || architecture === "volta";
  return {
    oldest: oldestDrivers(product, architecture, inMigMode),
    lastBranch: old ? LAST_BEFORE_TURING : undefined,
    // Open modules need the GSP, which boards have since Turing (open-gpu-kernel-modules, README).
    modules: old ? "proprietary" : architecture === "blackwell" || GRACE.test(product) ? "open" : undefined,
  };
}

function oldestDrivers(product: string, architecture: Architecture, inMigMode: boolean): Oldest[] {
  const own = OLDEST.filter(({ products }) => products.test(product)).map(({ oldest }) => oldest);
  const first = FIRST_BRANCH[architecture];
  return [
    ...own.filter(({ of }) => inMigMode || of !== "mig"),
    ...(first === undefined ? [] : [{ version: first, of: "board" as const }]),
  ];
}

/** True when a driver is older than another; a branch alone is as new as its newest. */
export function isOlder(version: string, than: string): boolean {
  const [own, other] = [parts(version), parts(than)];
  for (const [index, wanted] of other.entries()) {
    const got = own[index];
    if (got === undefined || got > wanted) return false;
    if (got < wanted) return true;
  }
  return false;
}

function parts(version: string): number[] {
  return version.split(".").map(Number);
}
