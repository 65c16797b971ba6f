/** What a container takes of a GPU, and which nodes have it: the answer of plan/gpu to an app's `gpu`. */
export interface GpuTarget {
  /** Such as `nvidia.com/gpu` or `nvidia.com/mig-1g.5gb`. */
  readonly resource: string;
  /** How many each replica gets, 1 or more. */
  readonly count: number;
  /** Merged into the pods' own; ours win. */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** Node affinity `nvidia.com/gpu.product In […]`, when more than one label fits. */
  readonly productLabels?: readonly string[];
}
