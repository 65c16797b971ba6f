import { ApiError, type ApiServer } from "./api-server.ts";

/** Name of the default storage class of every simulated zone, and of what provisions its volumes. */
export const STORAGE_CLASS = "standard";
export const PROVISIONER = "volumes.sim.gpu-zones.dev";

/** Gives the zone a default storage class, as every cluster that people use has one. */
export async function createStorageClass(api: ApiServer): Promise<void> {
  try {
    await api.create("/apis/storage.k8s.io/v1/storageclasses", {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: {
        name: STORAGE_CLASS,
        annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
      },
      provisioner: PROVISIONER,
      volumeBindingMode: "Immediate",
    });
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 409)) throw error;
  }
}
