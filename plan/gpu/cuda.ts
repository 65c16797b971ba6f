/** Oldest driver branch of each CUDA major version: apps of an older minor version of it run there too (CUDA compatibility guide). */
const MAJOR: Readonly<Record<number, number>> = { 11: 450, 12: 525, 13: 580 };

/** Branch that came with a minor version: older ones of the same major lack what is new in it, such as compiling PTX. */
const MINOR: Readonly<Record<string, number>> = {
  ...{ "12.0": 525, "12.1": 530, "12.2": 535, "12.3": 545, "12.4": 550, "12.5": 555, "12.6": 560 },
  ...{ "12.8": 570, "12.9": 575, "13.0": 580, "13.1": 590 },
};

/** Driver branches for a CUDA version such as `12.8`. */
export interface CudaBranches {
  /** Nothing runs below; undefined where the major version is not in the table. */
  readonly least: number | undefined;
  /** Everything runs from here on; undefined where the minor version is not in the table. */
  readonly full: number | undefined;
}

export function cudaBranches(version: string): CudaBranches {
  return { least: MAJOR[Number(version.split(".")[0])], full: MINOR[version] };
}
