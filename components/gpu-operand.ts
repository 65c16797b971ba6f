import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "./cluster.ts";

export interface GpuOperandArgs {
  readonly cluster: Cluster;
  /** Operands that a node needs before this one: a destroy takes this one away first. */
  readonly after: readonly GpuOperand[];
}

/** One of NVIDIA's GPU components: driver, device plugin, … its objects are in `components/operands/<name>.ts`. */
export class GpuOperand extends pulumi.ComponentResource {
  readonly objects: readonly pulumi.Resource[];

  constructor(name: string, args: GpuOperandArgs, options?: pulumi.ComponentResourceOptions) {
    super("gpu-zones:index:GpuOperand", name, {}, options);
    this.objects = args.cluster.registry.register(
      name,
      this,
      args.after.flatMap(({ objects }) => objects),
    );
    this.registerOutputs({});
  }
}
