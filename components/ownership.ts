import type { Problem } from "../plan/config/problem.ts";
import type { Plan } from "../plan/plan.ts";
import { objectPlace } from "../plan/checks/check.ts";
import type { KubernetesObject } from "../plan/object.ts";
import { kubectl, type Kubectl } from "./kubectl.ts";

const READ_SECONDS = 30;

/**
 * Objects of the plan that are in the cluster and are not this zone's: taking over is for what carries our zone label.
 * Asked before a run that may take over (`PULUMI_K8S_UPSERT_EXISTING_OBJECTS`), where the provider would overwrite them.
 */
export async function foreignObjects(cluster: Kubectl, plan: Plan): Promise<Problem[]> {
  const list = { apiVersion: "v1", kind: "List", items: plan.objects.map(({ object }) => stub(object)) };
  const answer = await kubectl(
    cluster,
    ["get", "-f", "-", "--ignore-not-found", "-o", "json"],
    READ_SECONDS,
    JSON.stringify(list),
  );
  if (answer.stdout.trim() === "") return [];
  const found = JSON.parse(answer.stdout) as KubernetesObject & { items?: KubernetesObject[] };
  const live = new Map((found.items ?? [found]).map((object) => [key(object), object]));
  return plan.objects.flatMap((planned) => {
    const object = live.get(key(planned.object));
    if (object === undefined || object.metadata.labels?.["gpu-zones.dev/zone"] === plan.zone.name) return [];
    const other =
      object.metadata.labels?.["gpu-zones.dev/zone"] ??
      object.metadata.labels?.["app.kubernetes.io/managed-by"];
    return [
      {
        ...objectPlace(plan.zone, planned),
        code: "GZ307" as const,
        severity: "error" as const,
        message: `wanted to create ${planned.object.kind} ${planned.object.metadata.name}, got one that is not this zone's${other === undefined ? "" : ` (managed by ${other})`}`,
        fix: `look at it with kubectl --context ${plan.zone.cluster.context}; delete it, or label it gpu-zones.dev/zone=${plan.zone.name} to hand it over`,
      },
    ];
  });
}

function stub({ apiVersion, kind, metadata: { name, namespace } }: KubernetesObject): KubernetesObject {
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
}

function key({ apiVersion, kind, metadata: { name, namespace = "" } }: KubernetesObject): string {
  return [apiVersion, kind, namespace, name].join("|");
}
