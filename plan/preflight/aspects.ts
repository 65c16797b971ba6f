import { cdiEnabled } from "../../components/operands/cdi.ts";
import { variantName } from "../../components/operands/container-runtime.ts";
import type { NodePool } from "../config/zone.ts";
import type { Around, Aspect, Judgement } from "./aspect.ts";
import { isOs, type Machine } from "./machine.ts";
import { driverOf } from "../gpu/driver.ts";
import { hasBoard } from "./pool-of.ts";

/** What GPU Feature Discovery appends to a board's name where its GPUs are cut or shared. */
const SUFFIX = /(-MIG-.+?)?(-SHARED)?$/;
const NFD = "feature.node.kubernetes.io/";
/** Oldest containerd with the Container Device Interface, by which pods get their GPUs. */
const OLDEST_CONTAINERD = [1, 7] as const;
/** Minor versions that a kubelet may be behind its API server (Kubernetes' version skew policy, 1.28 and newer). */
const OLDEST_KUBELET = 3;

/** Everything in which a node is compared with its pool, in the order of the table's columns. */
export const ASPECTS: readonly Aspect[] = [
  { key: "product", title: "BOARD", judge: board },
  { key: "gpusPerNode", title: "GPUS", judge: gpus },
  { key: "os", title: "OS", judge: os },
  { key: "kernel", title: "KERNEL", judge: kernel },
  { key: "runtime", title: "RUNTIME", judge: runtime },
  { key: "kubelet", title: "KUBELET", judge: kubelet },
];

function board({ labels }: Machine, { product }: NodePool): Judgement {
  const real = labels["nvidia.com/gpu.product"]?.replace(SUFFIX, "");
  if (real !== undefined)
    return real === product
      ? { real, wanted: product }
      : {
          real,
          wanted: product,
          wrong: {
            ...differs("error"),
            so: "apps would wait for boards that are not there",
            fix: `write product: ${real}, or take the node out of the pool`,
          },
        };
  const seen = Object.keys(labels).some((key) => key.startsWith(NFD));
  if (!seen || hasBoard(labels)) return { real, wanted: product };
  return {
    real: "none",
    wanted: product,
    wrong: {
      ...differs("error"),
      so: "Node Feature Discovery sees no device of NVIDIA's there",
      fix: "look whether the board is seated and seen (lspci -d 10de:), or take the node out of the pool",
    },
  };
}

function gpus({ labels }: Machine, { gpusPerNode }: NodePool): Judgement {
  // Under strategy single a cut board's devices are counted, not its boards.
  const cut = labels["nvidia.com/gpu.product"]?.includes("-MIG-") === true;
  const real = cut ? undefined : labels["nvidia.com/gpu.count"];
  const wanted = String(gpusPerNode);
  if (real === undefined || real === wanted) return { real, wanted };
  const fewer = Number(real) < gpusPerNode;
  return {
    real,
    wanted,
    wrong: {
      ...differs("error"),
      so: fewer
        ? "a board is dead or not seated, and apps are planned for it"
        : "no app is planned for the others",
      fix: fewer
        ? "look at the node (nvidia-smi, dmesg for Xid); if it is to have as many: change gpusPerNode, or give the node a pool of its own"
        : `write gpusPerNode: ${real}, or give the node a pool of its own`,
    },
  };
}

function os({ os: real }: Machine, pool: NodePool, around: Around): Judgement {
  const declared = list(pool.os);
  const wanted = inWords(declared);
  if (real === undefined || wanted === undefined || isOs(real, declared)) return { real, wanted };
  return {
    real,
    wanted,
    wrong: {
      ...differs(needsImage(pool, around) ? "error" : "warning"),
      so: "the driver's image is chosen by it",
      fix: `write os: ${real}; a list where both are there while nodes are moved`,
    },
  };
}

function kernel({ kernel: real }: Machine, pool: NodePool, { zone }: Around): Judgement {
  const declared = list(pool.kernel);
  const wanted = inWords(declared);
  if (real === undefined || wanted === undefined || declared.includes(real)) return { real, wanted };
  const precompiled = zone.gpu.managed && driverOf(zone, pool).mode === "precompiled";
  return {
    real,
    wanted,
    wrong: {
      ...differs(precompiled ? "error" : "warning"),
      ...(precompiled && { so: "there is no driver for it" }),
      fix: `boot the declared kernel, or add ${real} to kernel:`,
    },
  };
}

function runtime({ runtime: real }: Machine, { runtime: wanted }: NodePool, { zone }: Around): Judgement {
  if (real === undefined) return { real, wanted };
  const [name, version] = partsOf(real);
  if (name === "containerd" && isOlder(version, OLDEST_CONTAINERD) && cdiEnabled(zone))
    return {
      real,
      wanted,
      wrong: {
        code: "GZ404",
        severity: zone.gpu.managed ? "error" : "warning",
        wanted: `containerd ${OLDEST_CONTAINERD.join(".")} or newer`,
        so: "it does not know the Container Device Interface, by which pods get their GPUs",
        fix: `upgrade containerd on the node${zone.gpu.managed ? ", or hand GPUs out without that interface, with gpu-zones:gpu: { cdi: { enabled: false } }" : ""}`,
      },
    };
  const toolkit = zone.gpu.managed && zone.gpu.toolkit?.enabled !== false;
  // A pool that says nothing is wrong only for who has to configure its runtime.
  if (wanted === undefined && !toolkit) return { real, wanted };
  const [wantedName, declared] = partsOf(wanted ?? "containerd");
  const grave = name !== wantedName || variantName(real) !== variantName(wanted);
  if (!grave && declared.every((part, index) => part === version[index])) return { real, wanted };
  return {
    real,
    wanted,
    wrong: {
      ...differs(grave && toolkit ? "error" : "warning"),
      ...(wanted === undefined && { wanted: "containerd 2.0 or newer, as of a pool that names no runtime" }),
      ...(grave && toolkit && { so: "the container toolkit would write its configuration in the wrong way" }),
      fix: `write runtime: ${name}@${version.slice(0, 2).join(".")}, or give the node a pool of its own`,
    },
  };
}

/** Nobody declares the kubelet's version: the API server's decides. */
function kubelet({ kubelet: real }: Machine, _pool: NodePool, { server }: Around): Judgement {
  const [, own] = partsOf(`@${real ?? ""}`);
  const [, wanted] = partsOf(`@${server ?? ""}`);
  if (own[1] === undefined || wanted[1] === undefined || server === undefined)
    return { real, wanted: undefined };
  const behind = own[0] === wanted[0] ? wanted[1] - own[1] : 0;
  if (behind >= 0 && behind <= OLDEST_KUBELET) return { real, wanted: undefined };
  return {
    real,
    wanted: server,
    wrong: {
      code: "GZ404",
      severity: "warning",
      wanted:
        behind < 0
          ? `a kubelet that is no newer than the API server (${server})`
          : `a kubelet that is at most ${OLDEST_KUBELET} minor versions behind the API server (${server})`,
      so: "Kubernetes does not support that",
      fix: behind < 0 ? "upgrade the control plane first" : "upgrade the node's kubelet",
    },
  };
}

function differs(severity: "error" | "warning") {
  return { code: "GZ403", severity } as const;
}

/** Whether the pool's driver comes as an image that is made for an operating system. */
function needsImage(pool: NodePool, { zone }: Around): boolean {
  return zone.gpu.managed && driverOf(zone, pool).mode !== "preinstalled";
}

function list(value: string | readonly string[] | undefined): readonly string[] {
  return typeof value === "string" ? [value] : (value ?? []);
}

function inWords(values: readonly string[]): string | undefined {
  return values.length === 0 ? undefined : values.join(" or ");
}

/** `containerd@2.1.4` in parts; what stands behind the numbers (`+k3s1`, `-rc.1`) is of no matter. */
function partsOf(text: string): [name: string, version: readonly number[]] {
  const [name = "", version = ""] = text.split("@");
  const numbers = /^v?(\d+(?:\.\d+)*)/.exec(version)?.[1] ?? "";
  return [name, numbers === "" ? [] : numbers.split(".").map(Number)];
}

function isOlder([major, minor = 0]: readonly number[], [wanted, least]: readonly [number, number]): boolean {
  return major !== undefined && (major < wanted || (major === wanted && minor < least));
}
