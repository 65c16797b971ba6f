import { configPlace } from "../plan/checks/check.ts";
import type { Problem } from "../plan/config/problem.ts";
import type { Zone } from "../plan/config/zone.ts";
import { stackInWords, type OtherStack } from "../plan/preflight/other-stacks.ts";
import { nodeFeatureDefinitions } from "./operands/node-feature-definitions.ts";
import { Unread, type Neighbours } from "./other-stacks.ts";

/** The end of a run that would put a second GPU stack, or a second Node Feature Discovery, beside the one that is there. */
export function neighbourProblems(zone: Zone, found: Neighbours | Unread): Problem[] {
  if (!zone.gpu.managed) return [];
  if (found instanceof Unread)
    return [
      {
        ...configPlace(zone, "gpu"),
        code: "GZ311",
        severity: "error",
        message: `wanted to know whether somebody else drives the cluster's GPUs, got ${found.reason}`,
        fix: `kubectl --context ${zone.cluster.context} must be able to list DaemonSets, Deployments, RuntimeClasses and ClusterPolicies, and to get CustomResourceDefinitions; then run this once more, nothing was changed`,
      },
    ];
  return [
    ...(found.stacks.length > 0 ? [stackProblem(zone, found.stacks)] : []),
    ...(found.featureDiscoveries.length > 0 ? [discoveryProblem(zone, found.featureDiscoveries)] : []),
    ...(found.lacksRuntimeClass ? [runtimeClassProblem(zone)] : []),
  ];
}

function stackProblem(zone: Zone, found: readonly OtherStack[]): Problem {
  return {
    ...configPlace(zone, "gpu.managed"),
    code: "GZ401",
    severity: "error",
    message: `wanted a cluster whose GPUs nobody else drives, got ${found.map(stackInWords).join(", ")}`,
    fix: `either leave the GPUs to it, with gpu-zones:gpu: { managed: false }; or remove it, then run this once more (not yet: zones adopt ${zone.name} --from-operator, which takes it over under running pods); managed: false lets a destroy of this zone through, too${handOver(zone, found)}`,
  };
}

/** A RuntimeClass that nobody uses any more is a line of text, and need not be made anew. */
function handOver(zone: Zone, found: readonly OtherStack[]): string {
  return found.every(({ kind }) => kind === "RuntimeClass")
    ? `; one that a removed stack left is handed over by kubectl --context ${zone.cluster.context} label runtimeclass nvidia gpu-zones.dev/zone=${zone.name} and ./zones up ${zone.name}`
    : "";
}

function discoveryProblem(zone: Zone, found: readonly OtherStack[]): Problem {
  const definitions = nodeFeatureDefinitions().map(({ metadata }) => metadata.name);
  const isLeft = found.every(({ kind }) => kind === "CustomResourceDefinition");
  return {
    ...configPlace(zone, "gpu.nfd.mode"),
    code: "GZ407",
    severity: "error",
    message: `wanted a cluster whose nodes nobody else labels with their features, got ${found.map(stackInWords).join(", ")}`,
    fix: `either use it, with gpu-zones:gpu: { nfd: { mode: existing } } (its master must let labels of nvidia.com through: extraLabelNs); or remove it, then run this once more${isLeft ? `; definitions that a removed one left go by kubectl --context ${zone.cluster.context} delete crd ${definitions.join(" ")}` : ""}`,
  };
}

function runtimeClassProblem(zone: Zone): Problem {
  const { platform, context } = zone.cluster;
  return {
    ...configPlace(zone, "cluster.platform"),
    code: "GZ408",
    severity: "error",
    message: `wanted the RuntimeClass nvidia with the handler nvidia, which ${platform} brings, got none: the API server would refuse every pod of the GPU stack that uses a GPU`,
    fix: `let ${platform} bring it (a server that does not run with --disable=${platform === "k3s" ? "runtimes" : "rke2-runtimeclasses"}, in a version that has it), or make it yourself: kubectl --context ${context} create -f - with kind: RuntimeClass, apiVersion: node.k8s.io/v1, metadata: { name: nvidia }, handler: nvidia`,
  };
}
