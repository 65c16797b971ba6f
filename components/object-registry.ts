import * as pulumi from "@pulumi/pulumi";
import { apiGroup, type KubernetesObject } from "../plan/object.ts";
import { comesAfter, turn } from "../plan/order.ts";
import type { Plan } from "../plan/plan.ts";
import type { PlannedObject } from "../plan/planned-object.ts";
import { isRetained } from "./retained.ts";

/** Registers the plan's objects with the engine under their fixed names, each once. */
export class ObjectRegistry {
  readonly #plan: Plan;
  readonly #provider: pulumi.ProviderResource;
  readonly #registered = new Map<PlannedObject, pulumi.Resource>();
  readonly #settled = new Map<string, PlannedObject>();
  readonly #destroyGuard: pulumi.ResourceHook;

  /** @param beforeDestroy asked before each object of a destroy is deleted, which it may hold up; throws to stop it */
  constructor(
    plan: Plan,
    provider: pulumi.ProviderResource,
    beforeDestroy: (planned: PlannedObject) => Promise<void>,
  ) {
    this.#plan = plan;
    this.#provider = provider;
    // The engine tells no program that it destroys. Only then is an object deleted after this run has registered it:
    // what a run replaces is deleted before, and what it no longer wants was never registered.
    this.#destroyGuard = new pulumi.ResourceHook("destroy-order", ({ name }) => {
      const planned = this.#settled.get(name);
      return planned === undefined ? undefined : beforeDestroy(planned);
    });
  }

  /** The owner's objects as direct children of its component, in the order in which they can work. */
  register(
    owner: string,
    parent: pulumi.Resource,
    after: readonly pulumi.Resource[] = [],
  ): pulumi.Resource[] {
    const objects = this.#plan.objects.filter((each) => each.owner === owner);
    return objects
      .toSorted((a, b) => turn(a) - turn(b))
      .map((planned) => {
        const groundwork = [...this.#registered].flatMap(([other, resource]) =>
          comesAfter(planned, other) ? [resource] : [],
        );
        const resource = new PlannedResource(planned, {
          parent,
          provider: this.#provider,
          dependsOn: [...groundwork, ...after],
          hooks: { beforeDelete: [this.#destroyGuard] },
          retainOnDelete: isRetained(this.#plan.zone, planned.object),
        });
        this.#registered.set(planned, resource);
        resource.urn.apply(() => this.#settled.set(planned.id, planned));
        return resource;
      });
  }
}

/** A Kubernetes object of any kind: the plan is already checked, and one class registers them all alike. */
class PlannedResource extends pulumi.CustomResource {
  constructor({ id, object }: PlannedObject, options: pulumi.CustomResourceOptions) {
    const secret = object.kind === "Secret" ? { additionalSecretOutputs: ["data", "stringData"] } : {};
    super(resourceType(object), id, { ...object }, { ...options, ...secret });
  }
}

/** `kubernetes:apps/v1:Deployment`; the core group is spelled `core/v1` in the provider's schema. */
export function resourceType({ apiVersion, kind }: KubernetesObject): string {
  return `kubernetes:${apiGroup(apiVersion) === "" ? `core/${apiVersion}` : apiVersion}:${kind}`;
}
