import type { V1RuntimeClass } from "@kubernetes/client-node";
import type { KubernetesObject } from "../../plan/object.ts";
import { cdiEnabled } from "./cdi.ts";
import type { Operand } from "./operand.ts";

/** The handlers that the container toolkit writes into the runtime's configuration, without CDI the first (toolkit v1.20.0). */
const HANDLERS = ["nvidia", "nvidia-cdi", "nvidia-legacy"] as const;

/** RuntimeClasses by which a pod asks for NVIDIA's container runtime. */
export const runtimeClasses: Operand = {
  name: "runtime-classes",
  manifests: (zone) =>
    HANDLERS.slice(0, cdiEnabled(zone) ? HANDLERS.length : 1).map((handler) => {
      const body: V1RuntimeClass = {
        apiVersion: "node.k8s.io/v1",
        kind: "RuntimeClass",
        metadata: { name: handler, labels: { "app.kubernetes.io/component": "gpu-operator" } },
        handler,
      };
      return body as unknown as KubernetesObject;
    }),
};
