import { PatchStrategy, setHeaderOptions, type CoreV1Api, type V1Node } from "@kubernetes/client-node";
import type { NodePatch } from "./node-patch.ts";

const MERGE_PATCH = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);

/** Writes a patch to a node in parts, as long as nobody else has written to it since it was read. */
export class NodeWriter {
  readonly #api: CoreV1Api;
  readonly #name: string;
  readonly #patch: NodePatch;
  #version: string | undefined;

  constructor(api: CoreV1Api, { metadata }: V1Node, patch: NodePatch) {
    this.#api = api;
    this.#name = metadata?.name ?? "";
    this.#version = metadata?.resourceVersion;
    this.#patch = patch;
  }

  /** Labels, annotations, and whether it can be scheduled to. */
  async node(): Promise<void> {
    const { metadata, unschedulable } = this.#patch;
    if (metadata === undefined && unschedulable === undefined) return;
    const body = {
      metadata: { ...metadata, ...this.#expected() },
      ...(unschedulable !== undefined && { spec: { unschedulable } }),
    };
    this.#follow(await this.#api.patchNode({ name: this.#name, body }, MERGE_PATCH));
  }

  /** Its resources. */
  async status(): Promise<void> {
    const { capacity, resources } = this.#patch;
    if (capacity === undefined && resources === undefined) return;
    const status = { capacity: capacity ?? {}, allocatable: resources ?? {} };
    const body = { metadata: this.#expected(), status };
    this.#follow(await this.#api.patchNodeStatus({ name: this.#name, body }, MERGE_PATCH));
  }

  #expected(): { resourceVersion?: string } {
    return this.#version === undefined ? {} : { resourceVersion: this.#version };
  }

  #follow({ metadata }: V1Node): void {
    this.#version = metadata?.resourceVersion;
  }
}
