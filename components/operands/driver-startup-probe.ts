import type { V1Probe } from "@kubernetes/client-node";
import type { KubernetesObject } from "../../plan/object.ts";
import type { Zone } from "../../plan/config/zone.ts";
import { GPU_NAMESPACE } from "./operand.ts";

const NAME = "nvidia-driver-startup-probe";
const KEY = "startup-probe.sh";
const PATH = `/usr/local/bin/${KEY}`;

/** What the driver container and its daemons write, and what goes with them. */
export const DRIVER_STATUS_FILES = [
  "/run/nvidia/validations/.driver-ctr-ready",
  "/run/nvidia/validations/.driver-daemons-status",
] as const;
const [READY, DAEMONS] = DRIVER_STATUS_FILES;

/** Says that the driver works, and which parts it has, by a file that appears as a whole (gpu-operator v26.7.0). */
const SCRIPT = `#!/bin/sh
set -eu
if [ ! -f /sys/module/nvidia/refcnt ]; then
  echo "the kernel module nvidia is not loaded"
  exit 1
fi
if [ -f ${DAEMONS} ] && [ "$(cat ${DAEMONS})" != Ready ]; then
  echo "the driver's daemons are not ready"
  exit 1
fi
if ! nvidia-smi; then
  echo "nvidia-smi fails"
  exit 1
fi
mkdir -p /run/nvidia/validations
cat >${READY}.tmp <<END
GDRCOPY_ENABLED: \${GDRCOPY_ENABLED:-false}
GDS_ENABLED: \${GDS_ENABLED:-false}
GPU_DIRECT_RDMA_ENABLED: \${GPU_DIRECT_RDMA_ENABLED:-false}
END
mv ${READY}.tmp ${READY}
`;

/** One for all drivers. A running pod keeps the script that it started with: no reason to restart a driver. */
export function startupProbeScript(): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: NAME, namespace: GPU_NAMESPACE },
    data: { [KEY]: SCRIPT },
  };
}

export const STARTUP_PROBE_MOUNT = {
  name: "driver-startup-probe-script",
  mountPath: PATH,
  subPath: KEY,
  readOnly: true,
};
export const STARTUP_PROBE_VOLUME = {
  name: STARTUP_PROBE_MOUNT.name,
  configMap: { name: NAME, defaultMode: 0o755 },
};

/** Upstream's times: 20 minutes until a driver is built. */
export function startupProbe(zone: Zone): V1Probe {
  const own = zone.gpu.driver?.startupProbe;
  return {
    exec: { command: ["sh", PATH] },
    initialDelaySeconds: own?.initialDelaySeconds ?? 60,
    periodSeconds: own?.periodSeconds ?? 10,
    timeoutSeconds: own?.timeoutSeconds ?? 60,
    failureThreshold: own?.failureThreshold ?? 120,
  };
}
