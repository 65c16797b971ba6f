import type { V1RuntimeClass } from "@kubernetes/client-node";
import type { Zone } from "../../plan/config/zone.ts";
import type { KubernetesObject } from "../../plan/object.ts";
import { cdiEnabled } from "./cdi.ts";
import type { Operand } from "./operand.ts";

/** The handlers that the container toolkit writes into the runtime's configuration, without CDI the first (toolkit v1.20.0). */
const HANDLERS = ["nvidia", "nvidia-cdi", "nvidia-legacy"] as const;

/**
 * Whether the platform itself brings the RuntimeClass `nvidia`, and keeps it as it wants it: K3s (manifests/runtimes.yaml)
 * and RKE2 (chart rke2-runtimeclasses, whose labels it writes anew at each start). It is left to them.
 */
export function bringsRuntimeClass({ cluster: { platform } }: Pick<Zone, "cluster">): boolean {
  return platform === "k3s" || platform === "rke2";
}

/** RuntimeClasses by which a pod asks for NVIDIA's container runtime. */
export const runtimeClasses: Operand = {
  name: "runtime-classes",
  manifests: (zone) =>
    handlers(zone).map((handler) => {
      const body: V1RuntimeClass = {
        apiVersion: "node.k8s.io/v1",
        kind: "RuntimeClass",
        metadata: { name: handler, labels: { "app.kubernetes.io/component": "gpu-operator" } },
        handler,
      };
      return body as unknown as KubernetesObject;
    }),
};

function handlers(zone: Zone): readonly string[] {
  const all = HANDLERS.slice(0, cdiEnabled(zone) ? HANDLERS.length : 1);
  return bringsRuntimeClass(zone) ? all.filter((handler) => handler !== "nvidia") : all;
}
