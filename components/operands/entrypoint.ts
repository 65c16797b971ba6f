import type { V1Container, V1Volume } from "@kubernetes/client-node";
import type { KubernetesObject } from "../../plan/object.ts";
import { contentHash } from "./content-hash.ts";
import { GPU_NAMESPACE } from "./operand.ts";

const PATH = "/bin/entrypoint.sh";
const KEY = "entrypoint.sh";

/** A script with which a container starts, once the driver's validation has left its variables on the node. */
export interface Entrypoint {
  readonly configMap: KubernetesObject;
  readonly volume: V1Volume;
  /** Of the container: how it starts, and the mount. */
  readonly command: Pick<V1Container, "command" | "args">;
  readonly mount: NonNullable<V1Container["volumeMounts"]>[number];
  /** Of the pod: a file mounted by subPath never changes in a running one. */
  readonly podAnnotations: Readonly<Record<string, string>>;
}

/**
 * The driver's validation leaves environment variables on the node; the process must start with them.
 * @param name of the ConfigMap
 * @param before lines of POSIX shell that run with those variables, before the program
 */
export function entrypoint(name: string, before: readonly string[], program: string): Entrypoint {
  const script = `${[...DRIVER_READY, ...before, `exec ${program}`].join("\n")}\n`;
  return {
    configMap: {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace: GPU_NAMESPACE },
      data: { [KEY]: script },
    },
    volume: { name: "entrypoint", configMap: { name, defaultMode: 0o700 } },
    command: { command: ["/bin/sh", "-c"], args: [PATH] },
    mount: { name: "entrypoint", mountPath: PATH, subPath: KEY, readOnly: true },
    podAnnotations: { "gpu-zones.dev/entrypoint-hash": contentHash(script) },
  };
}

const DRIVER_READY = [
  "#!/bin/sh",
  "until [ -f /run/nvidia/validations/driver-ready ]; do",
  '  echo "waiting for the driver"',
  "  sleep 5",
  "done",
  "set -o allexport",
  ". /run/nvidia/validations/driver-ready",
];
