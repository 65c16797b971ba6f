/** Values that survive YAML, JSON and the API server unchanged. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A Kubernetes object as a manifest holds it: no status, no server-set fields. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  [field: string]: unknown;
}

/** Group of an apiVersion: "" for core (`v1`), `apps` for `apps/v1`. */
export function apiGroup(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? "" : apiVersion.slice(0, slash);
}
