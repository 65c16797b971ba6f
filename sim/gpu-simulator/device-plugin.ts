import type { Board } from "../annotations.ts";
import type { Devices } from "./devices.ts";
import type { PluginConfig } from "./plugin-config.ts";

/** What the kubelet learns from the device plugin: resource to quantity. */
export function advertise(devices: readonly Devices[], config: PluginConfig): Record<string, string> {
  return Object.fromEntries(
    devices.map(({ resource, count }) => {
      const replicas = config.replicas[resource];
      const name = replicas !== undefined && config.rename ? `${resource}.shared` : resource;
      return [name, String(count * (replicas ?? 1))];
    }),
  );
}

/** What is left of it without some of the node's boards, all alike. */
export function withoutGpus(
  offered: Readonly<Record<string, string>>,
  { count }: Board,
  lost: number,
): Record<string, string> {
  const left = Math.max(0, count - lost) / count;
  return Object.fromEntries(
    Object.entries(offered).map(([name, quantity]) => [name, String(Math.floor(Number(quantity) * left))]),
  );
}

/** The kubelet keeps the name of a resource whose plugin is gone, with nothing of it left. */
export function withVanished(
  before: Readonly<Record<string, string>>,
  offered: Readonly<Record<string, string>>,
): Record<string, string> {
  return { ...Object.fromEntries(Object.keys(before).map((resource) => [resource, "0"])), ...offered };
}
