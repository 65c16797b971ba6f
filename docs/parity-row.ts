/** How a key of NVIDIA's operator, with its default, is met here. */
export type Parity = "same" | "different" | "later" | "not supported";

/** A key of ClusterPolicy v1 (gpu-operator v26.7.0, its chart's values). */
export interface ParityRow {
  readonly key: string;
  /** As upstream writes it. */
  readonly default: string;
  readonly parity: Parity;
  /** Our key of it. Default: `gpu.<key>`; null: no key says it. */
  readonly ours?: string | null;
  /** What is different, or why it is not supported. */
  readonly why?: string;
}

/** Keys that belong together, under a heading. */
export interface ParitySection {
  readonly title: string;
  readonly rows: readonly ParityRow[];
}

/** A key with the same name, meaning and default. */
export function same(key: string, value: string): ParityRow {
  return { key, default: value, parity: "same" };
}

/** @param ours our key of it; null: none */
export function different(key: string, value: string, ours: string | null, why: string): ParityRow {
  return { key, default: value, parity: "different", ours, why };
}

export function later(key: string, value: string, ours = `gpu.${key}`): ParityRow {
  return { key, default: value, parity: "later", ours };
}

export function unsupported(key: string, value: string, why: string): ParityRow {
  return { key, default: value, parity: "not supported", ours: null, why };
}

/** What nearly every operand's key takes. */
export function operand(key: string, image: string, enabled: ParityRow): ParityRow[] {
  const repository = image.slice(0, image.lastIndexOf("/"));
  const [name = "", tag = ""] = image.slice(repository.length + 1).split(":");
  const pinned = "the tag of the GPU stack release";
  return [
    enabled,
    different(`${key}.repository`, repository, `gpu.${key}.image`, "image holds registry and repository"),
    different(`${key}.image`, name, `gpu.${key}.image`, "image holds registry and repository"),
    { ...same(`${key}.version`, tag), why: pinned },
    same(`${key}.resources`, "{}"),
    same(`${key}.env`, "[]"),
  ];
}
