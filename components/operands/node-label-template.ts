import { DEPLOY, POOL } from "../../plan/rollout/names.ts";

/** One row of the table from which the labeller labels nodes. */
export interface PoolRow {
  readonly pool: string;
  /** Names of the nodes, or null when the selector chooses them. */
  readonly nodes: readonly string[] | null;
  readonly selector: Readonly<Record<string, string>> | null;
  /**
   * Value of `gpu-zones.dev/driver`, set where the label is absent: a label that changed would make the DaemonSet
   * controller take the driver from under running GPU pods. `zones rollout` changes it. null: nothing is set.
   */
  readonly driver: string | null;
  /** Value of `nvidia.com/mig.config`, set where it is absent on a node that has no `gpu-zones.dev/pool` yet: GPU pods may run on all others. */
  readonly migConfig: string | null;
  /** Value of `nvidia.com/device-plugin.config`, set as `migConfig` is. */
  readonly devicePluginConfig: string | null;
}

/** Operands that wait for `nvidia.com/gpu.deploy.<operand>` (gpu-stack reference 6, operator v26.7.0). */
const OPERANDS = [
  "driver",
  "container-toolkit",
  "device-plugin",
  "gpu-feature-discovery",
  "dcgm-exporter",
  "operator-validator",
  "node-status-exporter",
  "client",
] as const;

/** The operand of nodes whose boards can be cut. */
const MIG_MANAGER = "mig-manager";

/** Whether the node has an NVIDIA device. */
const PRESENT = "nvidia.com/gpu.present";

/** Any of them: Node Feature Discovery saw an NVIDIA device, whichever way it names devices. */
export const NVIDIA_DEVICE = ["pci-10de", "pci-0302_10de", "pci-0300_10de"].map(
  (device) => `feature.node.kubernetes.io/${device}.present`,
);

/**
 * A Go template for `kubectl get nodes`: one line for each node that lacks a label, `<node> TAB <merge patch>`.
 * The patch carries the resource version that was read, so that a label somebody else set meanwhile is never written over.
 * Labels with other values (`paused-*`, `false`, `pre-installed`) belong to their writers. Where the node's owner wants no
 * operands, those go that say `true`; a board that is gone is said to be gone, and its operands stay: it may come back.
 */
export function nodeLabelTemplate(table: readonly PoolRow[]): string {
  return [
    "{{range .items}}",
    '{{- $name := .metadata.name}}{{$labels := .metadata.labels}}{{$set := ""}}',
    '{{- $pool := ""}}{{$driver := ""}}{{$mig := ""}}{{$plugin := ""}}',
    "{{- if $labels}}",
    // A node belongs to one pool: the first that names it.
    ...table.map((row, index) => `{{- ${index === 0 ? "if" : "else if"} ${membership(row)}}}${facts(row)}`),
    ...(table.length === 0 ? [] : ["{{- end}}"]),
    "{{- if $pool}}",
    `{{- $device := or ${NVIDIA_DEVICE.map((key) => is(key, '"true"')).join(" ")}}}`,
    `{{- if and (not $device) ${is(PRESENT, '"true"')}}}${set(PRESENT, '"false"')}{{end}}`,
    `{{- if ${is(`${DEPLOY}operands`, '"false"')}}}`,
    ...[...OPERANDS, MIG_MANAGER].map((operand) => withoutTrue(DEPLOY + operand)),
    "{{- else if $device}}",
    ...OPERANDS.map((operand) => whereEmpty(DEPLOY + operand)),
    `{{- if ${is("nvidia.com/mig.capable", '"true"')}}}`,
    whereEmpty(DEPLOY + MIG_MANAGER),
    "{{- end}}",
    whereAbsent("gpu-zones.dev/driver", "$driver"),
    // A node of a pool has run pods without them: `zones rollout` brings it its first layout or sharing.
    `{{- if ${is(POOL, '"<nil>"')}}}`,
    whereAbsent("nvidia.com/mig.config", "$mig"),
    whereAbsent("nvidia.com/device-plugin.config", "$plugin"),
    "{{- end}}",
    equal(PRESENT, '"true"'),
    equal(POOL, "$pool"),
    "{{- end}}",
    "{{- end}}",
    "{{- end}}",
    '{{- if $set}}{{$name}}{{"\\t"}}{"metadata":{"resourceVersion":{{printf "%q" .metadata.resourceVersion}},"labels":{ {{- slice $set 1 -}} }}}{{"\\n"}}{{end}}',
    "{{- end}}",
  ].join("\n");
}

/** What the table says of the pool's nodes; what it does not say stays empty and is not set. */
function facts({ pool, driver, migConfig, devicePluginConfig }: PoolRow): string {
  const values = { $pool: pool, $driver: driver, $mig: migConfig, $plugin: devicePluginConfig };
  return Object.entries(values)
    .map(([name, value]) => (value === null ? "" : `{{${name} = ${quoted(value)}}}`))
    .join("");
}

function membership({ nodes, selector }: PoolRow): string {
  if (nodes !== null) return `(or false ${nodes.map((name) => `(eq $name ${quoted(name)})`).join(" ")})`;
  const wanted = Object.entries(selector ?? {}).map(([key, value]) => is(key, quoted(value)));
  return wanted.length === 0 ? "false" : `(and true ${wanted.join(" ")})`;
}

/** A missing label prints as <nil>, which is no label's value. */
function is(key: string, value: string): string {
  return `(eq (print (index $labels ${quoted(key)})) ${value})`;
}

function whereEmpty(key: string): string {
  return `{{- if not (index $labels ${quoted(key)})}}${set(key, '"true"')}{{end}}`;
}

function whereAbsent(key: string, value: string): string {
  return `{{- if and ${value} ${is(key, '"<nil>"')}}}${set(key, value)}{{end}}`;
}

function equal(key: string, value: string): string {
  return `{{- if and ${value} (not ${is(key, value)})}}${set(key, value)}{{end}}`;
}

function withoutTrue(key: string): string {
  return `{{- if ${is(key, '"true"')}}}{{$set = printf "%s,%q:null" $set ${quoted(key)}}}{{end}}`;
}

/** Adds a member to the patch. */
function set(key: string, value: string): string {
  return `{{$set = printf "%s,%q:%q" $set ${quoted(key)} ${value}}}`;
}

/** JSON's strings are Go's for the characters that names and labels may hold. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
