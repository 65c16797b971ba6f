import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "./cluster.ts";

export interface ZoneAppArgs {
  readonly cluster: Cluster;
  /** What comes first: apps of `after`, and the operands, so that a destroy takes apps away before their GPUs. */
  readonly after: readonly pulumi.Resource[];
}

/** One app of the zone: its kustomize overlay with the zone's config as the last one. */
export class ZoneApp extends pulumi.ComponentResource {
  readonly objects: readonly pulumi.Resource[];

  constructor(name: string, args: ZoneAppArgs, options?: pulumi.ComponentResourceOptions) {
    super("gpu-zones:index:ZoneApp", name, {}, options);
    this.objects = args.cluster.registry.register(name, this, args.after);
    this.registerOutputs({});
  }
}
