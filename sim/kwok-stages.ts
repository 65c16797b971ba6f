import { stringify } from "yaml";
import { NOT_READY } from "./annotations.ts";

/** Where the operands are installed. */
export const OPERANDS = "gpu-operator";

/** Pods whose kubelet the GPU node simulator plays: those of operands, those that validators start, and those that want NVIDIA's container runtime. */
const KUBELET = [
  `if (.metadata.namespace == "${OPERANDS}" and (any(.metadata.ownerReferences[]?; .kind == "DaemonSet")`,
  'or (.metadata.labels.app // "" | endswith("-validator"))))',
  'or (.spec.runtimeClassName // "" | startswith("nvidia")) then "simulator" else "kwok" end',
].join(" ");
const READY = '.status.conditions.[] | select( .type == "Ready" ) | .status';
const DELETED = ".metadata.deletionTimestamp";

const CONDITIONS = `
{{ $now := Now }}
{{ $since := or .metadata.creationTimestamp $now }}
conditions:
{{ range NodeConditions }}
- lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $since | Quote }}
  message: {{ .message | Quote }}
  reason: {{ .reason | Quote }}
  status: {{ .status | Quote }}
  type: {{ .type | Quote }}
{{ end }}
addresses:
{{ with .status.addresses }}
{{ YAML . 1 }}
{{ else }}
- address: {{ NodeIP | Quote }}
  type: InternalIP
- address: {{ NodeName | Quote }}
  type: Hostname
{{ end }}
{{ with NodePort }}
daemonEndpoints:
  kubeletEndpoint:
    Port: {{ . }}
{{ end }}
phase: Running
`;

const POD_READY = `
{{ $now := Now }}
conditions:
- lastTransitionTime: {{ $now | Quote }}
  status: "True"
  type: Initialized
- lastTransitionTime: {{ $now | Quote }}
  status: "True"
  type: Ready
- lastTransitionTime: {{ $now | Quote }}
  status: "True"
  type: ContainersReady
{{ range .spec.readinessGates }}
- lastTransitionTime: {{ $now | Quote }}
  status: "True"
  type: {{ .conditionType | Quote }}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- image: {{ .image | Quote }}
  name: {{ .name | Quote }}
  ready: true
  restartCount: 0
  state:
    running:
      startedAt: {{ $now | Quote }}
{{ end }}
initContainerStatuses:
{{ range .spec.initContainers }}
- image: {{ .image | Quote }}
  name: {{ .name | Quote }}
  ready: true
  restartCount: 0
  {{ if eq .restartPolicy "Always" }}
  started: true
  state:
    running:
      startedAt: {{ $now | Quote }}
  {{ else }}
  state:
    terminated:
      exitCode: 0
      finishedAt: {{ $now | Quote }}
      reason: Completed
      startedAt: {{ $now | Quote }}
  {{ end }}
{{ end }}
{{ with NodeIPsWith .spec.nodeName }}
hostIP: {{ index . 0 | Quote }}
hostIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
{{ with PodIPsWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) }}
podIP: {{ index . 0 | Quote }}
podIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
phase: Running
startTime: {{ $now | Quote }}
`;

const POD_COMPLETE = `
{{ $now := Now }}
containerStatuses:
{{ range $index, $item := .spec.containers }}
- image: {{ $item.image | Quote }}
  name: {{ $item.name | Quote }}
  ready: false
  restartCount: 0
  started: false
  state:
    terminated:
      exitCode: 0
      finishedAt: {{ $now | Quote }}
      reason: Completed
      startedAt: {{ $now | Quote }}
{{ end }}
phase: Succeeded
`;

type Requirement = readonly [key: string, operator: string, ...values: string[]];

/** kwok's own stages of v0.8.0, but for what is not kwok's: nodes that the simulator has down, pods that it plays. */
export function kwokStages(): string {
  const managed: Requirement = [`.metadata.annotations["${NOT_READY}"]`, "DoesNotExist"];
  const kwoks: Requirement = [KUBELET, "In", "kwok"];
  return [
    stage("Node", "node-initialize", [managed, [READY, "NotIn", "True"]], { statusTemplate: CONDITIONS }),
    stage(
      "Node",
      "node-heartbeat",
      [managed, [".status.phase", "In", "Running"], [READY, "In", "True"]],
      { statusTemplate: CONDITIONS },
      { durationMilliseconds: 20_000, jitterDurationMilliseconds: 25_000 },
    ),
    stage(
      "Pod",
      "pod-ready",
      [kwoks, [DELETED, "DoesNotExist"], [".status.phase", "In", "Pending"], [READY, "NotIn", "True"]],
      { statusTemplate: POD_READY },
    ),
    stage(
      "Pod",
      "pod-complete",
      [
        [DELETED, "DoesNotExist"],
        [".status.phase", "In", "Running"],
        [".metadata.ownerReferences.[].kind", "In", "Job"],
      ],
      { statusTemplate: POD_COMPLETE },
    ),
    stage("Pod", "pod-delete", [kwoks, [DELETED, "Exists"]], { delete: true }),
  ].join("---\n");
}

function stage(
  kind: "Node" | "Pod",
  name: string,
  requirements: readonly Requirement[],
  next: object,
  delay?: object,
): string {
  return stringify({
    apiVersion: "kwok.x-k8s.io/v1alpha1",
    kind: "Stage",
    metadata: { name },
    spec: {
      resourceRef: { apiGroup: "v1", kind },
      selector: {
        matchExpressions: requirements.map(([key, operator, ...values]) => ({
          key,
          operator,
          ...(values.length > 0 && { values }),
        })),
      },
      ...(delay && { delay }),
      next,
    },
  });
}
