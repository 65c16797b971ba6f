import { parse } from "yaml";
import type { PoolRow } from "../../components/operands/node-label-template.ts";
import { podTemplate } from "../workload.ts";
import type { PlannedObject } from "../planned-object.ts";
import { OPERANDS } from "./names.ts";

/** What the plan wants of the zone's nodes. */
export interface Target {
  readonly table: readonly PoolRow[];
  /** Node selectors of the operands' DaemonSets, by the pod label `app`. */
  readonly operands: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Replicas of each shared resource, by entry of the device plugin's configuration. */
  readonly sharing: Readonly<Record<string, Replicas>>;
}

/** Pods that share one device, by resource such as `nvidia.com/gpu`. */
export type Replicas = Readonly<Record<string, number>>;

/** The target that a plan's objects are. */
export function targetOf(table: readonly PoolRow[], objects: readonly PlannedObject[]): Target {
  const inside = objects.filter(({ object }) => object.metadata.namespace === OPERANDS);
  const operands = inside.flatMap(({ object }) => {
    const template = object.kind === "DaemonSet" ? podTemplate(object) : undefined;
    const app = template?.metadata?.labels?.["app"];
    return app === undefined ? [] : [[app, template?.spec?.nodeSelector ?? {}] as const];
  });
  const named = new Set(table.map(({ devicePluginConfig }) => devicePluginConfig));
  const sharing = inside.flatMap(({ object }) =>
    object.kind === "ConfigMap"
      ? Object.entries((object["data"] ?? {}) as Record<string, string>)
          .filter(([entry]) => named.has(entry))
          .map(([entry, text]) => [entry, replicas(text)] as const)
      : [],
  );
  return { table, operands: Object.fromEntries(operands), sharing: Object.fromEntries(sharing) };
}

/** What an entry of the device plugin's configuration shares (`version: v1`, gpu-stack reference 8). */
function replicas(text: string): Replicas {
  const { sharing } = (parse(text) ?? {}) as {
    sharing?: Partial<Record<"mps" | "timeSlicing", { resources?: { name: string; replicas: number }[] }>>;
  };
  const resources = (sharing?.mps ?? sharing?.timeSlicing)?.resources ?? [];
  return Object.fromEntries(resources.map((each) => [each.name, each.replicas]));
}
