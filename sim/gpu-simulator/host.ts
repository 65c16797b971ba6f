import { HOST, type Host } from "../annotations.ts";
import type { ContainerSpec, NodePod } from "./node-pod.ts";
import { hostPathOf } from "./programs.ts";
import type { NodeDraft } from "./node-draft.ts";

/** Where the operands of a node tell each other how far they are. */
export const VALIDATIONS = "/run/nvidia/validations";

/** A machine that has just been switched on. */
export function freshHost(boot: string): Host {
  return { boot, files: {}, module: null, runtime: false, unhealthy: {}, rejected: [] };
}

export function saveHost(node: NodeDraft): void {
  const { boot, files, module, runtime } = node.host;
  const uids = new Set(node.pods.map(({ uid }) => uid));
  const unhealthy = Object.fromEntries(Object.entries(node.host.unhealthy).filter(([uid]) => uids.has(uid)));
  const sorted = Object.fromEntries(Object.entries(files).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const rejected = node.host.rejected.filter((uid) => uids.has(uid));
  node.annotations[HOST] = JSON.stringify({ boot, files: sorted, module, runtime, unhealthy, rejected });
}

/** True when the file, a path in the container, is there. */
export function hasFile(node: NodeDraft, pod: NodePod, container: ContainerSpec, file: string): boolean {
  if (isProvided(node) && [`${VALIDATIONS}/driver-ready`, `${VALIDATIONS}/toolkit-ready`].includes(file))
    return true;
  const there = hostPathOf(file, container, pod);
  return there !== undefined && there in node.host.files;
}

/** Nothing that validates a node is installed: the zone's hosts come with a driver and a toolkit that work. */
export function isProvided({ stack }: NodeDraft): boolean {
  return !stack.has("driver") && !stack.has("toolkit") && !stack.has("validator");
}

/** Writes a file; one on no volume of the host is seen by nobody else. */
export function writeFile(
  node: NodeDraft,
  pod: NodePod,
  container: ContainerSpec,
  file: string,
  content = "",
): void {
  const there = hostPathOf(file, container, pod);
  if (there !== undefined) node.host.files[there] = content;
}

/** What the container's preStop command removes: `rm -f` of paths, the last part of which may hold stars. */
export function removeByCommand(
  node: NodeDraft,
  pod: NodePod,
  container: ContainerSpec,
  command: readonly string[],
): void {
  const text = command.join(" ");
  if (!/\brm\b/.test(text)) return;
  for (const [word] of text.matchAll(/\/[^\s;"'|&]+/g)) {
    const there = hostPathOf(word, container, pod);
    if (there === undefined) continue;
    // A shell's star takes no leading dot.
    const pattern = there.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll("*", "[^/.][^/]*");
    const matches = new RegExp(`^${pattern}$`);
    for (const file of Object.keys(node.host.files))
      if (matches.test(file)) Reflect.deleteProperty(node.host.files, file);
  }
}
