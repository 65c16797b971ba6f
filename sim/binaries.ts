import { findTools } from "../tools/find.ts";
import type { Tool } from "../tools/tool.ts";

const NAMES = [
  "kwokctl",
  "kwok",
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubectl",
] as const;

/** The programs that a simulated control plane is made of. */
export type Binaries = Readonly<Record<(typeof NAMES)[number], Tool>>;

/** Finds, downloads or builds them; a first build takes minutes and says so. */
export async function findBinaries(log: (line: string) => void, signal?: AbortSignal): Promise<Binaries> {
  const search = { log, ...(signal && { signal }) };
  const binaries = await findTools(NAMES, search);
  signal?.throwIfAborted();
  return binaries;
}
