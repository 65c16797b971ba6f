import type { V1Container, V1EnvVar, V1Volume, V1VolumeMount } from "@kubernetes/client-node";
import type { Zone } from "../../plan/config/zone.ts";
import { DRIVER_ROOT, driverOf } from "../../plan/gpu/driver.ts";
import type { Release } from "../releases/release.ts";
import { VALIDATIONS } from "./daemon-set.ts";
import { hostPaths } from "./host-paths.ts";
import { environment, operandImage } from "./operand-settings.ts";

/** Parts of a node that `nvidia-validator` looks at, as `gpu.validator` names them. */
export type ValidationStep = "driver" | "toolkit" | "cuda" | "plugin";

/** The image of everything that validates. */
export function validatorImage(zone: Zone, release: Release): string {
  return operandImage(zone.gpu.validator, release.operator);
}

/** One run of `nvidia-validator`; its image's own user may not write to the host. */
export function validation(
  zone: Zone,
  release: Release,
  step: ValidationStep,
  env: readonly V1EnvVar[],
): V1Container {
  const own = zone.gpu.validator;
  const ours: V1EnvVar[] = [
    { name: "COMPONENT", value: step },
    ...env,
    { name: "OPERATOR_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
  ];
  return {
    name: `${step}-validation`,
    image: validatorImage(zone, release),
    command: ["sh", "-c"],
    args: ["nvidia-validator"],
    env: environment(ours, [...(own?.env ?? []), ...(own?.[step]?.env ?? [])]),
    securityContext: {
      privileged: true,
      runAsUser: 0,
      ...(step === "driver" ? { seLinuxOptions: { level: "s0" } } : {}),
    },
    volumeMounts: [
      { name: VALIDATIONS.name, mountPath: "/run/nvidia/validations", mountPropagation: "Bidirectional" },
      ...(step === "driver" ? driverMounts(zone) : []),
    ],
  };
}

/**
 * Init containers that hold a pod back until the node's driver works (gpu-stack reference 4.3, operator v26.7.0);
 * the pod has `driverValidationVolumes`.
 */
export function driverValidation(zone: Zone, release: Release): V1Container[] {
  const { driverInstallDir } = hostPaths(zone);
  return [
    ...driverReadyWait(zone, release),
    validation(zone, release, "driver", [
      { name: "WITH_WAIT", value: "true" },
      ...(driverInstallDir === DRIVER_ROOT
        ? []
        : [
            { name: "DRIVER_INSTALL_DIR", value: driverInstallDir },
            { name: "DRIVER_INSTALL_DIR_CTR_PATH", value: driverInstallDir },
          ]),
    ]),
  ];
}

function driverMounts(zone: Zone): V1VolumeMount[] {
  return [
    {
      name: "driver-install-dir",
      mountPath: hostPaths(zone).driverInstallDir,
      mountPropagation: "HostToContainer",
    },
    HOST_MOUNT,
    { name: "host-dev-char", mountPath: "/host-dev-char" },
  ];
}

const HOST_MOUNT = {
  name: "host-root",
  mountPath: "/host",
  readOnly: true,
  mountPropagation: "HostToContainer",
};

/** Places where the validator looks for a driver of the host's (nvidia-validator of operator v26.7.0). */
const HOST_SMI = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/lib/wsl/lib", "/opt/bin"];

/**
 * The validation believes in a driver container as soon as nvidia-smi answers: it waits for the container's own word
 * only under the operator, whose DaemonSet it knows by its owner. Hosts that bring their driver have no such word to
 * give, and are told by what the validation itself tells them by.
 */
const WAIT = `until [ -f /run/nvidia/validations/.driver-ctr-ready ]; do
  for directory in ${HOST_SMI.join(" ")}; do
    if chroot /host "$directory/nvidia-smi" >/dev/null 2>&1; then
      echo "the host has a driver"
      exit 0
    fi
  done
  echo "waiting for the driver container"
  sleep 5
done
`;

/** Nothing where no pool gets a driver container: whatever the hosts have is looked at by the validation. */
function driverReadyWait(zone: Zone, release: Release): V1Container[] {
  const installs = Object.values(zone.nodePools).some((pool) => driverOf(zone, pool).mode !== "preinstalled");
  if (!installs) return [];
  return [
    {
      name: "driver-ready-wait",
      image: validatorImage(zone, release),
      command: ["sh", "-c"],
      args: [WAIT],
      securityContext: { privileged: true, runAsUser: 0 },
      volumeMounts: [
        { name: VALIDATIONS.name, mountPath: "/run/nvidia/validations", mountPropagation: "HostToContainer" },
        HOST_MOUNT,
      ],
    },
  ];
}

export function driverValidationVolumes(zone: Zone): V1Volume[] {
  const { rootFS, driverInstallDir } = hostPaths(zone);
  return [
    { name: "driver-install-dir", hostPath: { path: driverInstallDir, type: "DirectoryOrCreate" } },
    VALIDATIONS,
    { name: "host-root", hostPath: { path: rootFS } },
    { name: "host-dev-char", hostPath: { path: `${rootFS === "/" ? "" : rootFS}/dev/char` } },
  ];
}
