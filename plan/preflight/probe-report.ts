import { PROBE_BEGIN, PROBE_END } from "./probe-script.ts";

/** What a probe saw of its host; undefined: the host does not say it. */
export interface ProbeReport {
  readonly kernel: string | undefined;
  readonly secureBoot: boolean | undefined;
  readonly nouveau: boolean | undefined;
  /** Boards of NVIDIA's on the PCI bus. */
  readonly boards: number | undefined;
  /** Version that the host's own nvidia-smi tells; `broken`: it is there and does not answer; `absent`: it is not. */
  readonly hostDriver: string | undefined;
  /** Headers of the running kernel: there, or to be had from the host's package mirror, or neither. */
  readonly headers: "installed" | "available" | "missing" | undefined;
  /** Version of containerd's configuration as its file says it; undefined: there is no file. */
  readonly containerdFile: number | undefined;
  /** The same as containerd has read it; undefined: the host has no containerd. */
  readonly containerdDump: number | undefined;
  /** Sysctl fs.inotify.max_user_instances. */
  readonly inotifyInstances: number | undefined;
}

/** Reads what a probe printed; undefined where its end is not there (yet). */
export function parseProbe(log: string): ProbeReport | undefined {
  const lines = log.split("\n").map((line) => line.trimEnd());
  const begin = lines.lastIndexOf(PROBE_BEGIN);
  const end = lines.indexOf(PROBE_END, begin);
  if (begin < 0 || end < 0) return undefined;
  const values = new Map(
    lines.slice(begin + 1, end).flatMap((line): [string, string][] => {
      const at = line.indexOf("=");
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
  const text = (key: string): string | undefined => {
    const value = values.get(key) ?? "";
    return value === "" || value === "unknown" ? undefined : value;
  };
  const number = (key: string): number | undefined => {
    const value = text(key);
    return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
  };
  const oneOf = <Value extends string>(key: string, known: readonly Value[]): Value | undefined =>
    known.find((each) => each === text(key));
  const secureBoot = oneOf("secureBoot", ["enabled", "disabled"]);
  const nouveau = oneOf("nouveau", ["loaded", "absent"]);
  return {
    kernel: text("kernel"),
    secureBoot: secureBoot === undefined ? undefined : secureBoot === "enabled",
    nouveau: nouveau === undefined ? undefined : nouveau === "loaded",
    boards: number("boards"),
    hostDriver: text("hostDriver"),
    headers: oneOf("headers", ["installed", "available", "missing"]),
    containerdFile: number("containerdFile"),
    containerdDump: number("containerdDump"),
    inotifyInstances: number("inotifyInstances"),
  };
}
