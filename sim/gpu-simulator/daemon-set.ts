import type { V1DaemonSet } from "@kubernetes/client-node";
import type { DaemonSet, Observed } from "./node-draft.ts";
import { containersOf } from "./node-pod.ts";
import { programsOf } from "./programs.ts";

/** An applied DaemonSet as the components see it. */
export function daemonSet({ metadata, spec }: V1DaemonSet, configMaps: Observed["configMaps"]): DaemonSet {
  const podSpec = spec?.template.spec;
  return {
    programs: podSpec ? programsOf(containersOf(podSpec), configMaps) : new Set(),
    tolerations: podSpec?.tolerations ?? [],
    owners: metadata?.ownerReferences ?? [],
  };
}
