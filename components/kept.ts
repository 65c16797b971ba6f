import { parse, stringify } from "yaml";
import type { Plan } from "../plan/plan.ts";
import type { KubernetesObject } from "../plan/object.ts";
import type { PlannedObject } from "../plan/planned-object.ts";
import { COMPONENT, DRIVER, DRIVER_COMPONENT, MIG_CONFIG, PLUGIN_CONFIG } from "../plan/rollout/names.ts";
import type { SeenNode } from "../plan/rollout/seen.ts";
import { podTemplate } from "../plan/workload.ts";
import { GPU_NAMESPACE } from "./operands/operand.ts";

/** Objects of the last update, by logical name, as they were registered. */
export type Earlier = ReadonlyMap<string, KubernetesObject>;

/** ConfigMap of the zone's own MIG layouts. */
export const CUSTOM_LAYOUTS = "custom-mig-parted-config";

/** ConfigMaps whose entries a node's label names. */
const NAMED_ENTRIES = [
  { name: "nvidia-device-plugin-config", label: PLUGIN_CONFIG, merged: mergedEntries },
  { name: CUSTOM_LAYOUTS, label: MIG_CONFIG, merged: mergedLayouts },
];

/**
 * The plan with what its nodes still name: a node keeps its driver, MIG layout and sharing until a rollout brings it
 * the new ones, and what its labels name must be there until then. The digest stays that of the files.
 * @param nodes undefined: nobody could ask, and all of it stays
 */
export function kept(
  plan: Plan,
  nodes: readonly Pick<SeenNode, "labels">[] | undefined,
  earlier: Earlier,
): Plan {
  if (!plan.zone.gpu.managed) return plan;
  const isNamed = (label: string): ((value: string) => boolean) => {
    const values = new Set(nodes?.map(({ labels }) => labels[label]));
    return (value) => nodes === undefined || values.has(value);
  };
  const objects = plan.objects.map((planned) => withEntries(planned, earlier, isNamed));
  return { ...plan, objects: [...objects, ...drivers(plan, earlier, isNamed(DRIVER))] };
}

type Named = (label: string) => (value: string) => boolean;
type Data = Readonly<Record<string, string>>;

function withEntries(planned: PlannedObject, earlier: Earlier, isNamed: Named): PlannedObject {
  const { object, id } = planned;
  if (object.kind !== "ConfigMap" || object.metadata.namespace !== GPU_NAMESPACE) return planned;
  const source = NAMED_ENTRIES.find(({ name }) => name === object.metadata.name);
  const before = earlier.get(id)?.["data"] as Data | undefined;
  if (source === undefined || before === undefined) return planned;
  const data = source.merged((object["data"] ?? {}) as Data, before, isNamed(source.label));
  return { ...planned, object: { ...object, data } };
}

function mergedEntries(now: Data, before: Data, isNamed: (entry: string) => boolean): Data {
  return { ...now, ...missing(now, before, isNamed) };
}

/** mig-parted's file: its layouts lie in one text. */
function mergedLayouts(now: Data, before: Data, isNamed: (layout: string) => boolean): Data {
  return Object.fromEntries(
    Object.entries(now).map(([key, text]) => {
      const [file, old] = [layoutFile(text), layoutFile(before[key] ?? "")];
      const more = missing(file["mig-configs"] ?? {}, old["mig-configs"] ?? {}, isNamed);
      if (Object.keys(more).length === 0) return [key, text];
      return [key, stringify({ ...file, "mig-configs": { ...file["mig-configs"], ...more } })];
    }),
  );
}

function layoutFile(text: string): { "mig-configs"?: Readonly<Record<string, unknown>> } {
  const file: unknown = parse(text);
  return typeof file === "object" && file !== null ? file : {};
}

function missing<Value>(
  now: Readonly<Record<string, Value>>,
  before: Readonly<Record<string, Value>>,
  isNamed: (entry: string) => boolean,
): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(before).filter(([entry]) => !Object.hasOwn(now, entry) && isNamed(entry)),
  );
}

/** Driver DaemonSets that nodes still choose, and what their owner had for them: accounts, rights, ConfigMaps. */
function drivers(plan: Plan, earlier: Earlier, isNamed: (driver: string) => boolean): PlannedObject[] {
  const planned = new Set(plan.objects.map(({ id }) => id));
  const gone = [...earlier]
    .filter(([id]) => !planned.has(id))
    .map(([id, object]): PlannedObject => ({ id, owner: id.slice(0, id.indexOf("/")), object }));
  const stay = gone.filter(({ object }) => isNamed(driverOf(object) ?? "") && driverOf(object) !== undefined);
  const owners = new Set(stay.map(({ owner }) => owner));
  return gone.filter((each) =>
    each.object.kind === "DaemonSet" ? stay.includes(each) : owners.has(each.owner),
  );
}

/** Value of `gpu-zones.dev/driver` by which a driver DaemonSet chooses its nodes; undefined for every other object. */
export function driverOf(object: KubernetesObject): string | undefined {
  const template = object.kind === "DaemonSet" ? podTemplate(object) : undefined;
  return template?.metadata?.labels?.[COMPONENT] === DRIVER_COMPONENT
    ? template.spec?.nodeSelector?.[DRIVER]
    : undefined;
}
