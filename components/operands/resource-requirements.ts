import type { V1ResourceRequirements } from "@kubernetes/client-node";
import type { z } from "zod";
import type { resources } from "../../plan/config/schema/values.ts";

/** `resources` of a config key as a container has it: cpu and memory alone mean request = limit. */
export function resourceRequirements(
  settings: z.infer<typeof resources> | undefined,
): { resources: V1ResourceRequirements } | undefined {
  if (settings === undefined) return undefined;
  const both = text({ cpu: settings.cpu, memory: settings.memory });
  const requests = { ...both, ...text(settings.requests ?? {}) };
  const limits = { ...both, ...text(settings.limits ?? {}) };
  return {
    resources: {
      ...(Object.keys(requests).length === 0 ? {} : { requests }),
      ...(Object.keys(limits).length === 0 ? {} : { limits }),
    },
  };
}

function text(list: Record<string, string | number | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(list).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}
