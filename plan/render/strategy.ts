import type { V1DeploymentSpec } from "@kubernetes/client-node";
import type { KubernetesObject } from "../object.ts";
import { gpuContainers } from "./target.ts";

/**
 * Gives GPU Deployments without a strategy one that needs no GPU more than the app has: where GPUs are full, the default's
 * surge pod waits for ever, and with it the update.
 */
export function withGpuStrategy(objects: readonly KubernetesObject[]): KubernetesObject[] {
  return objects.map((object) => {
    const spec = object["spec"] as Pick<V1DeploymentSpec, "replicas" | "strategy"> | undefined;
    if (object.kind !== "Deployment" || spec === undefined || Object.keys(spec.strategy ?? {}).length > 0)
      return object;
    if (gpuContainers([object]).length === 0) return object;
    const single = (spec.replicas ?? 1) === 1 && !isAutoscaled(object, objects);
    const strategy = single
      ? { type: "Recreate" }
      : { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 }, type: "RollingUpdate" };
    return { ...object, spec: { ...spec, strategy } };
  });
}

/** An autoscaler decides how many there are; the number in the file says nothing. */
function isAutoscaled(deployment: KubernetesObject, objects: readonly KubernetesObject[]): boolean {
  return objects.some((object) => {
    if (object.kind !== "HorizontalPodAutoscaler" && object.kind !== "ScaledObject") return false;
    const spec = object["spec"] as { scaleTargetRef?: { kind?: string; name?: string } } | undefined;
    const scaleTargetRef = spec?.scaleTargetRef;
    return (
      scaleTargetRef?.name === deployment.metadata.name &&
      (scaleTargetRef.kind ?? "Deployment") === "Deployment"
    );
  });
}
