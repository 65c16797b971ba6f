import { variantName } from "../../components/operands/container-runtime.ts";
import { configPlace } from "../checks/check.ts";
import type { Problem } from "../config/problem.ts";
import type { NodePool, Zone } from "../config/zone.ts";
import { driverOf } from "../gpu/driver.ts";
import type { ProbeReport } from "./probe-report.ts";

/** What a probe of a node came to. */
export interface Probed {
  readonly pool: string;
  readonly node: string;
  /** Its container runtime as the node tells it, such as `containerd@2.1.4`. */
  readonly runtime: string | undefined;
  /** Text: why there is no report. */
  readonly report: ProbeReport | string;
}

/** Instances that a node with GPU workloads needs: each watcher of files takes one, and 128 are used up (contrast#2599). */
const LEAST_INOTIFY_INSTANCES = 512;

type Finding = Pick<Problem, "code" | "severity" | "fix"> & {
  readonly wanted: string;
  readonly got: string;
  /** Key of the pool that it is about. Default: the pool. */
  readonly key?: string;
};

type Rule = (
  report: ProbeReport,
  pool: NodePool,
  zone: Zone,
  runtime: Probed["runtime"],
) => Finding | undefined;

/** Everything wrong with the hosts; nodes that are wrong in the same way are one problem. */
export function probeProblems(zone: Zone, probed: readonly Probed[]): Problem[] {
  const alike = new Map<string, { pool: string; finding: Finding; nodes: string[] }>();
  for (const { pool, node, runtime, report } of probed) {
    const settings = zone.nodePools[pool];
    if (settings === undefined) continue;
    const findings =
      typeof report === "string"
        ? [notProbed(report)]
        : RULES.flatMap((rule) => rule(report, settings, zone, runtime) ?? []);
    for (const finding of findings) {
      const at = JSON.stringify([pool, finding]);
      const group = alike.get(at) ?? { pool, finding, nodes: [] };
      group.nodes.push(node);
      alike.set(at, group);
    }
  }
  return [...alike.values()].map(({ pool, finding: { code, severity, wanted, got, key, fix }, nodes }) => ({
    ...configPlace(zone, ["nodePools", pool, ...(key === undefined ? [] : [key])].join(".")),
    code,
    severity,
    message: `wanted ${wanted}, got ${got} on ${nodes.toSorted().join(", ")}`,
    fix,
  }));
}

function notProbed(why: string): Finding {
  return {
    code: "GZ311",
    severity: "warning",
    wanted: "a probe of the host",
    got: why,
    fix: "mend that, then run zones preflight --probe once more",
  };
}

/** The driver that is built on the node is not signed with a key that the host knows. */
const secureBoot: Rule = ({ secureBoot: real }, pool, zone) => {
  if (real === true && zone.gpu.managed && driverOf(zone, pool).mode === "container")
    return {
      code: "GZ406",
      severity: "error",
      key: "driver",
      wanted: "hosts that load a kernel module which is built on them",
      got: "Secure Boot, which refuses unsigned modules",
      fix: "choose driver: { mode: precompiled } (Canonical's packages are signed) or a driver of the host's, or switch Secure Boot off",
    };
  const declared: unknown = pool.secureBoot;
  if (real === undefined || typeof declared !== "boolean" || declared === real) return undefined;
  return {
    code: "GZ403",
    severity: "warning",
    key: "secureBoot",
    wanted: `secureBoot ${String(declared)}`,
    got: String(real),
    fix: `write secureBoot: ${String(real)}`,
  };
};

const nouveau: Rule = ({ nouveau: loaded }, pool, zone) =>
  loaded === true && installsDriver(zone, pool)
    ? {
        code: "GZ406",
        severity: "warning",
        wanted: "boards that no driver has taken",
        got: "the module nouveau, which may not let go of them",
        fix: 'write "blacklist nouveau" and "options nouveau modeset=0" to /etc/modprobe.d/nouveau.conf, renew the initramfs, and boot',
      }
    : undefined;

const hostDriver: Rule = ({ hostDriver: real }, pool, zone) => {
  if (real === undefined || !zone.gpu.managed) return undefined;
  if (installsDriver(zone, pool)) {
    if (real === "absent") return undefined;
    return {
      code: "GZ406",
      severity: "error",
      key: "driver",
      wanted: "hosts without a driver of their own",
      got: real === "broken" ? "an nvidia-smi that does not answer" : `the driver ${real}`,
      fix: "choose driver: { mode: preinstalled }, or remove the host's packages (nvidia-*) and boot: the driver's pod takes an nvidia-smi there for a driver, and ends",
    };
  }
  if (real !== "absent" && real !== "broken") return undefined;
  return {
    code: "GZ406",
    severity: "error",
    key: "driver",
    wanted: "a driver on the host, as mode preinstalled says",
    got: real === "absent" ? "none" : "an nvidia-smi that does not answer",
    fix: "install the driver on the host, or choose driver: { mode: container }",
  };
};

const headers: Rule = ({ headers: real, kernel }, pool, zone) =>
  real === "missing" && zone.gpu.managed && driverOf(zone, pool).mode === "container"
    ? {
        code: "GZ406",
        severity: "warning",
        key: "driver",
        wanted: `headers of the kernel ${kernel ?? "that runs"}`,
        got: "none that is installed or in the host's package mirror: the driver cannot be built",
        fix: "boot a kernel whose headers the mirror has, or choose driver: { mode: precompiled }",
      }
    : undefined;

const boards: Rule = ({ boards: real }, { gpusPerNode }) =>
  real === undefined || real === gpusPerNode
    ? undefined
    : {
        code: "GZ403",
        severity: "error",
        key: "gpusPerNode",
        wanted: `gpusPerNode ${gpusPerNode}`,
        got: `${real} on the PCI bus`,
        fix: `look whether all boards are seated (lspci -d 10de:); if so, write gpusPerNode: ${real}`,
      };

/**
 * On containerd 1.x the toolkit takes the version of its drop-in from `containerd config dump`, which tells the migrated
 * one; a file of an older version refuses that, and containerd with it (gpu-stack reference 12). A node that runs one
 * comes to that as soon as its pool says so.
 */
const containerdVersion: Rule = ({ containerdDump: dump, containerdFile: file }, pool, zone, real) => {
  const old = [pool.runtime, real].find((each) => variantName(each) === "containerd-1");
  if (dump === undefined || file === undefined || dump <= file || !zone.gpu.managed || old === undefined)
    return undefined;
  return {
    code: "GZ406",
    severity: "error",
    key: "runtime",
    wanted: `a configuration file of containerd's own version ${dump}`,
    got: `version ${file}: with what ${old} makes the toolkit write, containerd would not start again`,
    fix: "write the runtime as it is (containerd 2.x reads the file alone), or bring the file to that version (containerd config migrate)",
  };
};

const inotify: Rule = ({ inotifyInstances: real }) =>
  real !== undefined && real < LEAST_INOTIFY_INSTANCES
    ? {
        code: "GZ406",
        severity: "warning",
        wanted: `${LEAST_INOTIFY_INSTANCES} inotify instances or more`,
        got: `${real}: pods that watch files would fail with "too many open files"`,
        fix: "write fs.inotify.max_user_instances=8192 to /etc/sysctl.d, then sysctl --system",
      }
    : undefined;

const RULES: readonly Rule[] = [boards, secureBoot, nouveau, hostDriver, headers, containerdVersion, inotify];

function installsDriver(zone: Zone, pool: NodePool): boolean {
  return zone.gpu.managed && driverOf(zone, pool).mode !== "preinstalled";
}
