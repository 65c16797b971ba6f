import { at, text } from "../object.ts";
import { ready, readyUnless, type Judge } from "./verdict.ts";

/** A PersistentVolumeClaim is ready when bound; one that binds only with its first pod is not waited for. */
export const persistentVolumeClaim: Judge = async (live, cluster) => {
  const phase = text(at(live, "status", "phase")) ?? "Pending";
  if (phase === "Bound") return ready;
  const className = text(at(live, "spec", "storageClassName"));
  if (className !== undefined) {
    const kind = { group: "storage.k8s.io", version: "v1", kind: "StorageClass" };
    const storageClass = await cluster.get({ kind, name: className }).catch(() => undefined);
    if (at(storageClass, "volumeBindingMode") === "WaitForFirstConsumer") return ready;
  }
  return readyUnless(`PVC was not bound (phase ${phase}, storage class ${className ?? "none"})`);
};
