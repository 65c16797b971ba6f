import type { V1LabelSelector, V1PodTemplateSpec } from "@kubernetes/client-node";
import { objectPlace, type Check } from "./check.ts";

/** The API server refuses such a workload, but only when the update is under way. */
export const selectorMatchesTemplate: Check = ({ zone, objects }) =>
  objects.flatMap((each) => {
    const spec = each.object["spec"] as
      { selector?: V1LabelSelector; template?: V1PodTemplateSpec } | undefined;
    const wanted = spec?.selector?.matchLabels;
    if (wanted === undefined || spec?.template === undefined) return [];
    const labels = spec.template.metadata?.labels ?? {};
    const missing = Object.entries(wanted).filter(([key, value]) => labels[key] !== value);
    if (missing.length === 0) return [];
    return [
      {
        ...objectPlace(zone, each),
        code: "GZ208" as const,
        severity: "error" as const,
        message: `wanted pods with ${missing.map(([key, value]) => `${key}=${value}`).join(", ")}, got ${JSON.stringify(labels)}`,
        fix: "make spec.selector.matchLabels and the pod template's labels agree",
      },
    ];
  });
