import type { KubernetesObject } from "../plan/object.ts";

/** Resources by URN, as the engine answers `readStackResourceOutputs` (pulumi 3.259, backend.GetStackResourceOutputs). */
export type ResourceOutputs = Readonly<
  Record<string, { readonly outputs?: Readonly<Record<string, unknown>> } | undefined>
>;

/** What the state holds, resource by resource; empty on the first run, not after one that died. */
export class StackState {
  readonly #outputs: ResourceOutputs;

  constructor(outputs: ResourceOutputs) {
    this.#outputs = outputs;
  }

  /** Logical names of its Kubernetes objects; after a refresh against a rebuilt cluster there are none. */
  objects(): Set<string> {
    const urns = Object.keys(this.#outputs).filter((urn) => urn.includes("$kubernetes:"));
    return new Set(urns.map((urn) => urn.slice(urn.lastIndexOf("::") + 2)));
  }

  /** Its Kubernetes objects as they were registered, by logical name. */
  registered(): Map<string, KubernetesObject> {
    return new Map(
      Object.entries(this.#outputs).flatMap(([urn, resource]) => {
        // The provider keeps an object's inputs beside what the cluster made of them.
        const inputs = resource?.outputs?.["__inputs"] as KubernetesObject | undefined;
        return urn.includes("$kubernetes:") && typeof inputs?.kind === "string"
          ? [[urn.slice(urn.lastIndexOf("::") + 2), inputs]]
          : [];
      }),
    );
  }

  /** UID that `Cluster` registers before its first object: all that a run which died leaves of it. */
  clusterUid(): string | undefined {
    const cluster = Object.entries(this.#outputs).find(([urn]) =>
      urn.includes("::gpu-zones:index:Cluster::"),
    );
    const uid = cluster?.[1]?.outputs?.["uid"];
    return typeof uid === "string" ? uid : undefined;
  }
}
