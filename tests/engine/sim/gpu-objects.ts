import { GPU_NAMESPACE } from "../../../components/operands/operand.ts";
import { operandObjects } from "../../../components/operands/operands.ts";
import type { Zone } from "../../../plan/config/zone.ts";
import type { KubernetesObject } from "../../../plan/object.ts";

/** An object and where the API server takes it. */
export interface Placed {
  readonly path: string;
  readonly object: object;
}

export const DAEMON_SETS = "/apis/apps/v1/namespaces/gpu-operator/daemonsets";

const PLURALS: Readonly<Record<string, string>> = { RuntimeClass: "runtimeclasses" };

/** What a zone applies so that its GPUs are offered: its namespace and its operands. */
export function gpuObjects(zone: Zone): Placed[] {
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: GPU_NAMESPACE } };
  const operands = operandObjects(zone).flatMap(({ objects }) => objects);
  return placed([namespace, ...operands]);
}

export function placed(objects: readonly KubernetesObject[]): Placed[] {
  return objects.map((object) => ({ path: collection(object), object }));
}

function collection({ apiVersion, kind, metadata }: KubernetesObject): string {
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const plural = PLURALS[kind] ?? `${kind.toLowerCase()}s`;
  return metadata.namespace === undefined
    ? `${root}/${plural}`
    : `${root}/namespaces/${metadata.namespace}/${plural}`;
}

/** A pod in the default namespace that asks for one of the resource. */
export function gpuPod(name: string, resource: string, product?: string): Placed {
  return {
    path: "/api/v1/namespaces/default/pods",
    object: {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name },
      spec: {
        ...(product !== undefined && { nodeSelector: { "nvidia.com/gpu.product": product } }),
        containers: [{ name: "app", image: "app:1", resources: { limits: { [resource]: 1 } } }],
      },
    },
  };
}
