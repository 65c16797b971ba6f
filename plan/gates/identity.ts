import { finding, type Gate, type Unreachable } from "./gate.ts";

/** Layer that makes a zone a production zone. */
const PROD = "prod";

/** Whether the cluster behind the context is the zone's: the guard against writing to, or emptying, another one. */
export const identityGate: Gate = (input) => {
  const { zone, preview, identity, simulatedUid, lastUid } = input;
  const context = zone.cluster.context;
  if (identity.state === "unreachable") {
    return [
      finding(input, "GZ305", "cluster", {
        message: `wanted the cluster of context ${context}, got ${identity.reason}${preview ? ": identity not checked, compared with the state of the last update" : ""}`,
        fix: `${wayOut(identity.cause, context)}; nothing was changed`,
      }),
    ];
  }
  // A pinned zone must stay simulable; no real cluster has the UID that a simulation of this machine announced.
  const pin = simulatedUid ?? zone.cluster.uid;
  const wanted = pin ?? lastUid;
  if (wanted !== undefined && identity.uid !== wanted) {
    const here = `point context ${context} at the zone's cluster`;
    const fix =
      simulatedUid !== undefined
        ? `take the simulated zones as they are now into this shell: eval "$(./zones sim env)"`
        : pin === undefined
          ? `${here}; if the cluster was rebuilt: ./zones pin ${zone.name}`
          : `${here}; if the cluster was rebuilt, take its UID over with ./zones pin ${zone.name}`;
    return [
      // Also in a preview: comparing with another cluster would describe changes that nobody means.
      finding(
        input,
        "GZ304",
        "cluster.uid",
        {
          message: `wanted the cluster with kube-system UID ${wanted}${pin === undefined ? " (of the last update)" : ""}, got ${identity.uid} behind context ${context}`,
          fix,
        },
        "error",
      ),
    ];
  }
  if (pin !== undefined) return rebuilt(input, pin);
  if (zone.layers.includes(PROD)) {
    return [
      finding(input, "GZ303", "cluster.uid", {
        message: `wanted a production zone that names its cluster, got none in gpu-zones:cluster.uid`,
        fix: `look that context ${context} is the right cluster, then: ./zones pin ${zone.name}`,
      }),
    ];
  }
  return preview
    ? [
        finding(input, "GZ303", "cluster.uid", {
          message: "wanted the UID of the zone's cluster, got none: nothing guards against a wrong context",
          fix: `./zones pin ${zone.name}`,
        }),
      ]
    : [];
};

function wayOut(cause: Unreachable, context: string): string {
  switch (cause) {
    case "dark":
      return "when the zone has power again, run this once more";
    case "credentials":
      return `renew the credentials of context ${context}, then run this once more`;
    case "context":
      return `add context ${context} to the kubeconfig, or name another in gpu-zones:cluster.context`;
    case "kubeconfig":
      return "mend the kubeconfig (gpu-zones:cluster.kubeconfig, else KUBECONFIG, else ~/.kube/config), then run this once more";
  }
}

/** The pin is right and the state is another cluster's: only a refresh finds out that its objects are gone. */
function rebuilt(input: Parameters<Gate>[0], pin: string): ReturnType<Gate> {
  const { zone, lastUid, stateHoldsObjects } = input;
  if (lastUid === undefined || lastUid === pin || !stateHoldsObjects) return [];
  return [
    finding(input, "GZ306", "cluster.uid", {
      message: `wanted state of the cluster ${pin}, got state of ${lastUid}: the cluster was rebuilt since the last update`,
      fix: `pulumi refresh --run-program=false --stack ${zone.name}, then the update again: it brings everything back`,
    }),
  ];
}
