/** Where an instance may lie on a board, in the units of `nvidia-smi mig -lgipp`. */
export interface Places {
  /** Units at which it may begin. */
  readonly starts: readonly number[];
  /** Units that it covers. */
  readonly size: number;
}

/** One MIG profile of a board. */
export interface MigProfile {
  /** NVIDIA's name, such as `1g.5gb` or `1g.5gb+me`. */
  readonly profile: string;
  /** How many instances of it one empty board takes. */
  readonly maxInstances: number;
  /** Compute slices of one instance, as the name says. */
  readonly slices: number;
  /** Memory slices of one instance; a board has 8 (7-slice boards) or as many as it has compute slices. */
  readonly memorySlices: number;
  /** Gigabytes in the name; the device itself shows a little less. */
  readonly memoryGB: number;
  /** Where an instance of it may lie on the board; undefined where no public source says. */
  readonly places: Places | undefined;
}

/** A board that can be cut into MIG devices. */
export interface MigBoard {
  /** Its names as GPU Feature Discovery writes them into `nvidia.com/gpu.product`. */
  readonly products: readonly string[];
  /** PCI device and vendor, `0x20B010DE`: the MIG manager's device filters (mig-parted v0.15.0). */
  readonly devices: readonly string[];
  readonly memoryGB: number;
  /** Most instances that one board holds. */
  readonly maxInstances: number;
  /** False: no NVIDIA source was read that agrees with this entry. A user who sees it must be told. */
  readonly verified: boolean;
  /**
   * Where the places of its profiles are from: `published` (`nvidia-smi mig -lgipp` of such a board, or the fractions
   * in NVIDIA's MIG user guide, which decide the same), `inferred` from a board of the same profiles, or `unknown`.
   */
  readonly placements: "published" | "inferred" | "unknown";
  /** What the MIG manager makes of `all-balanced`; undefined where that is not known. */
  readonly allBalanced: MigLayout | undefined;
  readonly profiles: readonly MigProfile[];
}

/** Instances of each profile on one board. */
export type MigLayout = Readonly<Record<string, number>>;

/** A profile: name, instances that fit, compute slices, memory slices, gigabytes in the name. */
type Row = readonly [string, number, number, number, number];

/** Places by compute and memory slices of a profile, such as `3/4`: variants such as `+me` lie where the plain one does. */
type Geometry = Readonly<Record<string, Places>>;

interface BoardEntry extends Omit<MigBoard, "profiles"> {
  readonly profiles: readonly Row[];
  readonly geometry: Geometry | undefined;
}

/** A30: four memory slices. */
const FOUR: Geometry = {
  "1/1": { starts: [0, 1, 2, 3], size: 1 },
  "2/2": { starts: [0, 2], size: 2 },
  "4/4": { starts: [0], size: 4 },
};

/** A100 and all later boards of seven compute slices: eight memory slices. */
const SEVEN: Geometry = {
  "1/1": { starts: [0, 1, 2, 3, 4, 5, 6], size: 1 },
  "1/2": { starts: [0, 2, 4, 6], size: 2 },
  "2/2": { starts: [0, 2, 4], size: 2 },
  "3/4": { starts: [0, 4], size: 4 },
  "4/4": { starts: [0], size: 4 },
  "7/8": { starts: [0], size: 8 },
};

/** RTX PRO 6000: twelve units, three for each of its four slices. */
const TWELVE: Geometry = {
  "1/1": { starts: [0, 3, 6, 9], size: 3 },
  "2/2": { starts: [0, 6], size: 6 },
  "4/4": { starts: [0], size: 12 },
};

/** Geometry of mig-parted v0.15.0 and gpu-operator v26.7.0; memory slices of Hopper and newer follow from the sizes. */
const TABLE: readonly BoardEntry[] = [
  {
    products: ["NVIDIA-A30"],
    devices: ["0x20B710DE"],
    memoryGB: 24,
    maxInstances: 4,
    verified: true,
    geometry: FOUR,
    placements: "published",
    allBalanced: { "1g.6gb": 2, "2g.12gb": 1 },
    profiles: [
      ["1g.6gb", 4, 1, 1, 6],
      ["1g.6gb+me", 1, 1, 1, 6],
      ["2g.12gb", 2, 2, 2, 12],
      ["2g.12gb+me", 1, 2, 2, 12],
      ["4g.24gb", 1, 4, 4, 24],
    ],
  },
  {
    products: ["NVIDIA-A100-SXM4-40GB", "NVIDIA-A100-PCIE-40GB"],
    devices: ["0x20B010DE", "0x20B110DE", "0x20F110DE", "0x20F610DE"],
    memoryGB: 40,
    maxInstances: 7,
    verified: true,
    geometry: SEVEN,
    placements: "published",
    allBalanced: { "1g.5gb": 2, "2g.10gb": 1, "3g.20gb": 1 },
    profiles: [
      ["1g.5gb", 7, 1, 1, 5],
      ["1g.5gb+me", 1, 1, 1, 5],
      ["1g.10gb", 4, 1, 2, 10],
      ["2g.10gb", 3, 2, 2, 10],
      ["3g.20gb", 2, 3, 4, 20],
      ["4g.20gb", 1, 4, 4, 20],
      ["7g.40gb", 1, 7, 8, 40],
    ],
  },
  {
    products: ["NVIDIA-A100-SXM4-80GB", "NVIDIA-A100-80GB-PCIe"],
    devices: ["0x20B210DE", "0x20B510DE", "0x20F310DE", "0x20F510DE"],
    memoryGB: 80,
    maxInstances: 7,
    verified: true,
    geometry: SEVEN,
    placements: "published",
    allBalanced: { "1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1 },
    profiles: [
      ["1g.10gb", 7, 1, 1, 10],
      ["1g.10gb+me", 1, 1, 1, 10],
      ["1g.20gb", 4, 1, 2, 20],
      ["2g.20gb", 3, 2, 2, 20],
      ["3g.40gb", 2, 3, 4, 40],
      ["4g.40gb", 1, 4, 4, 40],
      ["7g.80gb", 1, 7, 8, 80],
    ],
  },
  {
    products: ["NVIDIA-H100-80GB-HBM3", "NVIDIA-H100-PCIe"],
    devices: ["0x233010DE", "0x233110DE", "0x232210DE", "0x232410DE"],
    memoryGB: 80,
    maxInstances: 7,
    verified: true,
    geometry: SEVEN,
    placements: "published",
    allBalanced: { "1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1 },
    profiles: [
      ["1g.10gb", 7, 1, 1, 10],
      ["1g.10gb+me", 1, 1, 1, 10],
      ["1g.20gb", 4, 1, 2, 20],
      ["2g.20gb", 3, 2, 2, 20],
      ["3g.40gb", 2, 3, 4, 40],
      ["4g.40gb", 1, 4, 4, 40],
      ["7g.80gb", 1, 7, 8, 80],
    ],
  },
  {
    products: ["NVIDIA-H100-NVL"],
    devices: ["0x232110DE", "0x233A10DE"],
    memoryGB: 94,
    maxInstances: 7,
    verified: true,
    geometry: SEVEN,
    placements: "published",
    allBalanced: { "1g.12gb": 2, "2g.24gb": 1, "3g.47gb": 1 },
    profiles: [
      ["1g.12gb", 7, 1, 1, 12],
      ["1g.12gb+me", 1, 1, 1, 12],
      ["1g.24gb", 4, 1, 2, 24],
      ["2g.24gb", 3, 2, 2, 24],
      ["3g.47gb", 2, 3, 4, 47],
      ["4g.47gb", 1, 4, 4, 47],
      ["7g.94gb", 1, 7, 8, 94],
    ],
  },
  {
    products: ["NVIDIA-GH200-480GB", "NVIDIA-H20", "NVIDIA-GH200-120GB"],
    devices: ["0x234210DE", "0x233D10DE", "0x20B610DE", "0x232910DE"],
    memoryGB: 96,
    maxInstances: 7,
    verified: true,
    geometry: SEVEN,
    placements: "published",
    allBalanced: { "1g.12gb": 2, "2g.24gb": 1, "3g.48gb": 1 },
    profiles: [
      ["1g.12gb", 7, 1, 1, 12],
      ["1g.12gb+me", 1, 1, 1, 12],
      ["1g.24gb", 4, 1, 2, 24],
      ["2g.24gb", 3, 2, 2, 24],
      ["3g.48gb", 2, 3, 4, 48],
      ["4g.48gb", 1, 4, 4, 48],
      ["7g.96gb", 1, 7, 8, 96],
    ],
  },
  {
    products: ["NVIDIA-H200", "NVIDIA-H200-NVL"],
    devices: ["0x233510DE", "0x233B10DE"],
    memoryGB: 141,
    maxInstances: 7,
    verified: true,
    geometry: SEVEN,
    placements: "published",
    allBalanced: { "1g.18gb": 2, "2g.35gb": 1, "3g.71gb": 1 },
    profiles: [
      ["1g.18gb", 7, 1, 1, 18],
      ["1g.18gb+me", 1, 1, 1, 18],
      ["1g.35gb", 4, 1, 2, 35],
      ["2g.35gb", 3, 2, 2, 35],
      ["3g.71gb", 2, 3, 4, 71],
      ["4g.71gb", 1, 4, 4, 71],
      ["7g.141gb", 1, 7, 8, 141],
    ],
  },
  {
    products: ["NVIDIA-GH200-144G-HBM3e"],
    devices: ["0x234810DE"],
    memoryGB: 144,
    maxInstances: 7,
    verified: true,
    geometry: SEVEN,
    placements: "inferred",
    allBalanced: { "1g.18gb": 2, "2g.36gb": 1, "3g.72gb": 1 },
    profiles: [
      ["1g.18gb", 7, 1, 1, 18],
      ["1g.18gb+me", 1, 1, 1, 18],
      ["1g.36gb", 4, 1, 2, 36],
      ["2g.36gb", 3, 2, 2, 36],
      ["3g.72gb", 2, 3, 4, 72],
      ["4g.72gb", 1, 4, 4, 72],
      ["7g.144gb", 1, 7, 8, 144],
    ],
  },
  {
    products: ["NVIDIA-B200"],
    devices: ["0x290110DE"],
    memoryGB: 180,
    maxInstances: 7,
    verified: true,
    geometry: SEVEN,
    placements: "published",
    allBalanced: { "1g.23gb": 2, "2g.45gb": 1, "3g.90gb": 1 },
    profiles: [
      ["1g.23gb", 7, 1, 1, 23],
      ["1g.23gb+me", 1, 1, 1, 23],
      ["1g.45gb", 4, 1, 2, 45],
      ["2g.45gb", 3, 2, 2, 45],
      ["3g.90gb", 2, 3, 4, 90],
      ["4g.90gb", 1, 4, 4, 90],
      ["7g.180gb", 1, 7, 8, 180],
    ],
  },
  {
    products: ["NVIDIA-GB200"],
    devices: ["0x294110DE"],
    memoryGB: 186,
    maxInstances: 7,
    verified: true,
    geometry: SEVEN,
    placements: "inferred",
    allBalanced: { "1g.23gb": 2, "2g.47gb": 1, "3g.93gb": 1 },
    profiles: [
      ["1g.23gb", 7, 1, 1, 23],
      ["1g.23gb+me", 1, 1, 1, 23],
      ["1g.47gb", 4, 1, 2, 47],
      ["2g.47gb", 3, 2, 2, 47],
      ["3g.93gb", 2, 3, 4, 93],
      ["4g.93gb", 1, 4, 4, 93],
      ["7g.186gb", 1, 7, 8, 186],
    ],
  },
  {
    products: ["NVIDIA-B300-SXM6-AC"],
    devices: ["0x318210DE"],
    memoryGB: 269,
    maxInstances: 7,
    verified: true,
    geometry: SEVEN,
    placements: "inferred",
    allBalanced: { "1g.34gb": 2, "2g.67gb": 1, "3g.135gb": 1 },
    profiles: [
      ["1g.34gb", 7, 1, 1, 34],
      ["1g.34gb+me", 1, 1, 1, 34],
      ["1g.67gb", 4, 1, 2, 67],
      ["2g.67gb", 3, 2, 2, 67],
      ["3g.135gb", 2, 3, 4, 135],
      ["4g.135gb", 1, 4, 4, 135],
      ["7g.269gb", 1, 7, 8, 269],
    ],
  },
  {
    products: ["NVIDIA-GB300"],
    devices: ["0x31C210DE"],
    memoryGB: 278,
    maxInstances: 7,
    verified: true,
    geometry: SEVEN,
    placements: "inferred",
    allBalanced: { "1g.35gb": 2, "2g.70gb": 1, "3g.139gb": 1 },
    profiles: [
      ["1g.35gb", 7, 1, 1, 35],
      ["1g.35gb+me", 1, 1, 1, 35],
      ["1g.70gb", 4, 1, 2, 70],
      ["2g.70gb", 3, 2, 2, 70],
      ["3g.139gb", 2, 3, 4, 139],
      ["4g.139gb", 1, 4, 4, 139],
      ["7g.278gb", 1, 7, 8, 278],
    ],
  },
  {
    products: [
      "NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition",
      "NVIDIA-RTX-PRO-6000-Blackwell-Workstation-Edition",
      "NVIDIA-RTX-PRO-6000-Blackwell-Max-Q-Workstation-Edition",
    ],
    devices: ["0x2BB510DE", "0x2BB110DE", "0x2BB410DE"],
    memoryGB: 96,
    maxInstances: 4,
    verified: true,
    geometry: TWELVE,
    placements: "published",
    allBalanced: { "1g.24gb": 2, "2g.48gb": 1 },
    profiles: [
      ["1g.24gb", 4, 1, 1, 24],
      ["1g.24gb+me", 1, 1, 1, 24],
      ["1g.24gb+gfx", 4, 1, 1, 24],
      ["1g.24gb+me.all", 1, 1, 1, 24],
      ["1g.24gb-me", 4, 1, 1, 24],
      ["2g.48gb", 2, 2, 2, 48],
      ["2g.48gb+gfx", 2, 2, 2, 48],
      ["2g.48gb+me.all", 1, 2, 2, 48],
      ["2g.48gb-me", 2, 2, 2, 48],
      ["4g.96gb", 1, 4, 4, 96],
      ["4g.96gb+gfx", 1, 4, 4, 96],
    ],
  },
  {
    products: ["NVIDIA-RTX-PRO-5000-Blackwell", "NVIDIA-RTX-PRO-5000-72GB-Blackwell"],
    devices: ["0x2BB310DE"],
    memoryGB: 48,
    maxInstances: 2,
    verified: false,
    geometry: undefined,
    placements: "unknown",
    allBalanced: undefined,
    profiles: [
      ["1g.12gb", 1, 1, 1, 12],
      ["1g.12gb+me", 1, 1, 1, 12],
      ["1g.12gb+gfx", 1, 1, 1, 12],
      ["1g.12gb-me", 3, 1, 1, 12],
      ["2g.24gb-me", 1, 2, 2, 24],
      ["4g.48gb", 1, 4, 4, 48],
      ["4g.48gb+gfx", 1, 4, 4, 48],
    ],
  },
  {
    products: ["NVIDIA-RTX-PRO-4500-Blackwell"],
    devices: ["0x2C3110DE"],
    memoryGB: 32,
    maxInstances: 2,
    verified: false,
    geometry: undefined,
    placements: "unknown",
    allBalanced: undefined,
    profiles: [
      ["1g.16gb", 2, 1, 1, 16],
      ["2g.32gb", 1, 2, 2, 32],
    ],
  },
];

/** Every board whose MIG geometry is known. */
export const MIG_BOARDS: readonly MigBoard[] = TABLE.map(({ profiles, geometry, ...board }) => ({
  ...board,
  profiles: profiles.map(([profile, maxInstances, slices, memorySlices, memoryGB]) => ({
    ...{ profile, maxInstances, slices, memorySlices, memoryGB },
    places: geometry?.[`${slices}/${memorySlices}`],
  })),
}));
