import { bringsRuntimeClass } from "../components/operands/runtime-classes.ts";
import type { Zone } from "../plan/config/zone.ts";
import { ApiError, type ApiServer } from "./api-server.ts";

/** Gives the cluster what its platform brings by itself: the RuntimeClass that K3s and RKE2 have for NVIDIA's handler. */
export async function createPlatformObjects(
  api: Pick<ApiServer, "create">,
  zone: Pick<Zone, "cluster">,
): Promise<void> {
  if (!bringsRuntimeClass(zone)) return;
  try {
    await api.create("/apis/node.k8s.io/v1/runtimeclasses", {
      apiVersion: "node.k8s.io/v1",
      kind: "RuntimeClass",
      metadata: { name: "nvidia" },
      handler: "nvidia",
    });
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 409)) throw error;
  }
}
