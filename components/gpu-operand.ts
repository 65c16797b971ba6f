import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "./cluster.ts";

/** One of NVIDIA's GPU components: driver, device plugin, … its objects are in `components/operands/<name>.ts`. */
export class GpuOperand extends pulumi.ComponentResource {
  readonly objects: readonly pulumi.Resource[];

  constructor(name: string, args: { readonly cluster: Cluster }, options?: pulumi.ComponentResourceOptions) {
    super("gpu-zones:index:GpuOperand", name, {}, options);
    this.objects = args.cluster.registry.register(name, this);
    this.registerOutputs({});
  }
}
