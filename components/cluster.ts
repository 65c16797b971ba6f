import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Plan } from "../plan/plan.ts";
import { ZONE_OWNER } from "../plan/planned-object.ts";
import { laterPodsGone, PATIENCE_SECONDS } from "./destroy-order.ts";
import { refuseForeignGpuPods } from "./foreign-gpu-pods.ts";
import { readIdentity } from "./identity.ts";
import type { Kubectl } from "./kubectl.ts";
import { ObjectRegistry } from "./object-registry.ts";

export interface ClusterArgs {
  readonly plan: Plan;
  readonly kubectl: Kubectl;
  /** UID of the cluster that the gates let this run write to; undefined in a preview of a dark zone. */
  readonly uid: string | undefined;
}

/** The zone's cluster: its provider, the guard against another one, and what belongs to the zone as a whole. */
export class Cluster extends pulumi.ComponentResource {
  readonly registry: ObjectRegistry;

  constructor(name: string, args: ClusterArgs, options?: pulumi.ComponentResourceOptions) {
    const { zone } = args.plan;
    // The engine refuses a destroy that does not run the program as soon as one delete hook is registered:
    // without the program nobody would ask which cluster is being emptied.
    const guard = new pulumi.ResourceHook("cluster-identity", () => stillTheSame(args));
    super("gpu-zones:index:Cluster", name, {}, { ...options, hooks: { beforeDelete: [guard] } });
    const provider = new kubernetes.Provider(
      "kubernetes",
      {
        context: zone.cluster.context,
        // Empty on purpose: the SDK would copy the machine's KUBECONFIG path into the state.
        kubeconfig: zone.cluster.kubeconfig ?? "",
        // A constant: a changed identifier replaces the provider, and its delete phase empties whatever answers.
        clusterIdentifier: zone.name,
        enableConfigMapMutable: true,
        enableSecretMutable: true,
      },
      { parent: this },
    );
    // Before the first object: a run that dies has no stack outputs, and the next one must know whose objects it left.
    this.registerOutputs({ uid: args.uid });
    let allowed: Promise<void> | undefined;
    this.registry = new ObjectRegistry(args.plan, provider, async (planned) => {
      await (allowed ??= refuseForeignGpuPods(args.kubectl, args.plan));
      const left = await laterPodsGone(args.kubectl, args.plan, planned);
      if (left.length > 0)
        await pulumi.log.warn(
          `${planned.object.metadata.name} goes although pods that need it are still there after ${PATIENCE_SECONDS} s: ${left.join(", ")}`,
        );
    });
    this.registry.register(ZONE_OWNER, this);
  }
}

async function stillTheSame({ kubectl, uid }: ClusterArgs): Promise<void> {
  const identity = await readIdentity(kubectl);
  if (identity.state === "known" && (uid === undefined || identity.uid === uid)) return;
  throw new Error(
    identity.state === "known"
      ? `wanted the cluster ${String(uid)}, got ${identity.uid}: nothing is deleted`
      : `wanted the zone's cluster, got ${identity.reason}: nothing is deleted`,
  );
}
