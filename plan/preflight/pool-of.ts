import { NVIDIA_DEVICE } from "../../components/operands/node-label-template.ts";
import type { Zone } from "../config/zone.ts";

type Labels = Readonly<Record<string, string>>;

/** The pool that a node belongs to: the first that names it, or whose selector chooses it. */
export function poolOf(zone: Pick<Zone, "nodePools">, node: string, labels: Labels): string | undefined {
  return Object.entries(zone.nodePools).find(([, { nodes, selector }]) => {
    if (nodes !== undefined) return nodes.includes(node);
    const wanted = Object.entries(selector ?? {});
    return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
  })?.[0];
}

/** Whether the node's labels say that it has a board of NVIDIA's. */
export function hasBoard(labels: Labels): boolean {
  return NVIDIA_DEVICE.some((key) => labels[key] === "true") || labels["nvidia.com/gpu.present"] === "true";
}
