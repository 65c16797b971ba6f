/** Name of the lowest layer: what holds when no file says anything. */
export const DEFAULTS_LAYER = "defaults";

/** Where a value was written. */
export interface Origin {
  /** `defaults`, `fleet`, a layer of `extends`, the zone's name, or `engine`. */
  readonly layer: string;
  /** Relative to the repository. */
  readonly file: string;
  /** Counted from 1; 0 when the value has no line (engine values). */
  readonly line: number;
  readonly value: unknown;
}

/** Every value's chain of writers, by config path (`apps.private-detector.replicas`). */
export class Origins {
  readonly #chains = new Map<string, Origin[]>();
  readonly #base: Origin | undefined;

  /** @param base the stack file, at its `config:`: where a person looks for a key that nobody wrote */
  constructor(base?: Origin) {
    this.#base = base;
  }

  /** Adds a writer on top of the path's chain. */
  add(path: string, origin: Origin): void {
    const chain = this.#chains.get(path);
    if (chain) chain.push(origin);
    else this.#chains.set(path, [origin]);
  }

  /** Puts writers under the path's own: those of the hardware class or default that it was filled from. */
  addBelow(path: string, origins: readonly Origin[]): void {
    if (origins.length > 0) this.#chains.set(path, [...origins, ...this.chain(path)]);
  }

  /** Drops the path and all below it: a higher layer displaced what they describe. */
  forget(path: string): void {
    this.#chains.delete(path);
    this.forgetBelow(path);
  }

  /** Drops all below the path: its value was replaced as a whole. */
  forgetBelow(path: string): void {
    for (const each of [...this.#chains.keys()]) if (each.startsWith(`${path}.`)) this.#chains.delete(each);
  }

  /** The path's writers, lowest layer first, the one that won last; empty for a path nobody wrote. */
  chain(path: string): readonly Origin[] {
    return this.#chains.get(path) ?? [];
  }

  /** Every path that somebody wrote. */
  paths(): IterableIterator<string> {
    return this.#chains.keys();
  }

  /**
   * The file that won, or that of the nearest ancestor: a person looks there for a missing key.
   * Built-in defaults are nobody's file to edit, so they do not count.
   */
  nearest(path: string): Origin | undefined {
    for (let at = path; ; at = at.slice(0, at.lastIndexOf("."))) {
      const last = this.chain(at).findLast(({ layer }) => layer !== DEFAULTS_LAYER);
      if (last !== undefined) return last;
      if (!at.includes(".")) return undefined;
    }
  }

  /** The nearest origin, else the stack file: where a person writes what nobody has written. */
  placeFor(path: string): Origin | undefined {
    return this.nearest(path) ?? this.#base;
  }
}
