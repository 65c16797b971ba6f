import type { V1Job, V1NodeSelectorTerm, V1Toleration } from "@kubernetes/client-node";
import { contentHash } from "../../components/operands/content-hash.ts";
import { releaseOf } from "../../components/operands/operands.ts";
import { tolerations } from "../../components/operands/tolerations.ts";
import { imageName } from "../../components/releases/release.ts";
import type { Zone } from "../config/zone.ts";
import { mirrored } from "../images/mirror.ts";
import { PROBE_SCRIPT } from "./probe-script.ts";

/** There in every cluster, before the first update too, and made for privileged pods. */
export const PROBE_NAMESPACE = "kube-system";
/** Label by which the pods of one run are found. */
export const PROBE_RUN = "gpu-zones.dev/probe-run";
/** Seconds after which Kubernetes ends a probe that nobody ends: image pull and the probe itself are well within. */
const DEADLINE_SECONDS = 300;

/** Taint of a node that takes no new pods. */
const CORDONED: V1Toleration = {
  key: "node.kubernetes.io/unschedulable",
  operator: "Exists",
  effect: "NoSchedule",
};

/**
 * The Job that looks at every given node of a pool, one privileged pod on each. Removes itself if nobody does.
 * @param nodes names of nodes that are ready
 * @param run tells the pods of this run from those of another, such as ten hex digits
 */
export function probeJob(zone: Zone, pool: string, nodes: readonly string[], run: string): V1Job {
  const image = imageName(releaseOf(zone).operator);
  const labels = {
    "app.kubernetes.io/managed-by": "gpu-zones",
    "gpu-zones.dev/zone": zone.name,
    "gpu-zones.dev/pool": pool,
    [PROBE_RUN]: run,
  };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: `gpu-zones-probe-${contentHash(`${run} ${pool}`)}`,
      namespace: PROBE_NAMESPACE,
      labels,
    },
    spec: {
      completions: nodes.length,
      parallelism: nodes.length,
      // A pod that fails is made anew on its node: a Job that failed would end the pods of the other nodes.
      backoffLimit: nodes.length,
      activeDeadlineSeconds: DEADLINE_SECONDS,
      ttlSecondsAfterFinished: DEADLINE_SECONDS,
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: "Never",
          terminationGracePeriodSeconds: 1,
          automountServiceAccountToken: false,
          // Operands of the pool tolerate the same: what keeps the probe away would keep them away. So do DaemonSets of
          // a cordoned node.
          tolerations: tolerations(zone, [CORDONED]),
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: nodes.map(byName) },
            },
            podAntiAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: [
                {
                  topologyKey: "kubernetes.io/hostname",
                  labelSelector: { matchLabels: { [PROBE_RUN]: run, "gpu-zones.dev/pool": pool } },
                },
              ],
            },
          },
          containers: [
            {
              name: "probe",
              image: zone.images?.mirror === undefined ? image : mirrored(image, zone.images.mirror),
              // Nothing of the image is used but the way into the host.
              command: ["/busybox/busybox", "chroot", "/host", "/bin/sh", "-c", PROBE_SCRIPT],
              env: [{ name: "HOLD_SECONDS", value: String(DEADLINE_SECONDS) }],
              resources: { requests: { cpu: "10m", memory: "32Mi" } },
              securityContext: { privileged: true, runAsUser: 0 },
              volumeMounts: [
                { name: "host", mountPath: "/host", readOnly: true, mountPropagation: "HostToContainer" },
              ],
            },
          ],
          volumes: [{ name: "host", hostPath: { path: "/" } }],
        },
      },
    },
  };
}

/** A field selects one name at a time; terms are alternatives. */
function byName(node: string): V1NodeSelectorTerm {
  return { matchFields: [{ key: "metadata.name", operator: "In", values: [node] }] };
}
