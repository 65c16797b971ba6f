import type { Problem } from "../plan/config/problem.ts";
import type { Plan } from "../plan/plan.ts";
import { configPlace, objectPlace } from "../plan/checks/check.ts";
import type { KubernetesObject } from "../plan/object.ts";
import { kubectl, type Kubectl } from "./kubectl.ts";

const READ_SECONDS = 30;

/** What kubectl says of a kind that the cluster does not know yet, and the hint that follows it. */
const UNKNOWN_KIND = /no matches for kind|^ensure CRDs are installed first|NotFound|^Warning: /;

/**
 * Objects of the plan that are in the cluster and are not this zone's: taking over is for what carries our zone label.
 * Asked before a run that may take over (`PULUMI_K8S_UPSERT_EXISTING_OBJECTS`), where the provider would overwrite
 * them. An answer that cannot be read is a problem itself: it does not say that nothing is there.
 * @param ours ids of objects that the stack's state holds: they are no take-over
 */
export async function foreignObjects(
  cluster: Kubectl,
  plan: Plan,
  ours: ReadonlySet<string>,
): Promise<Problem[]> {
  const asked = plan.objects.filter(({ id }) => !ours.has(id));
  if (asked.length === 0) return [];
  const list = { apiVersion: "v1", kind: "List", items: asked.map(({ object }) => stub(object)) };
  const answer = await kubectl(
    cluster,
    ["get", "-f", "-", "--ignore-not-found", "-o", "json"],
    READ_SECONDS,
    JSON.stringify(list),
  );
  const known =
    answer.ok || (answer.errors.length > 0 && answer.errors.every((line) => UNKNOWN_KIND.test(line)));
  const found = known ? parsed(answer.stdout) : undefined;
  if (found === undefined) {
    return [
      {
        ...configPlace(plan.zone, "cluster"),
        code: "GZ311",
        severity: "error",
        message: `wanted to know which of the plan's objects are somebody else's, got ${known ? "an answer that is cut off" : answer.message}`,
        fix: `kubectl --context ${plan.zone.cluster.context} must be able to read the plan's kinds; then run this once more, nothing was changed`,
      },
    ];
  }
  const live = new Map(found.map((object) => [key(object), object]));
  return asked.flatMap((planned) => {
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

/** The objects of kubectl's answer: none, one, or a list of them; undefined when it is cut off. */
function parsed(stdout: string): KubernetesObject[] | undefined {
  if (stdout.trim() === "") return [];
  try {
    const found = JSON.parse(stdout) as KubernetesObject & { items?: KubernetesObject[] };
    return found.items ?? [found];
  } catch {
    return undefined;
  }
}

function stub({ apiVersion, kind, metadata: { name, namespace } }: KubernetesObject): KubernetesObject {
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
}

function key({ apiVersion, kind, metadata: { name, namespace = "" } }: KubernetesObject): string {
  return [apiVersion, kind, namespace, name].join("|");
}
