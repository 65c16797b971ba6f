import type { Zone } from "../config/zone.ts";
import { isBuiltIn, kindName } from "../built-in.ts";
import { apiGroup } from "../object.ts";
import { objectPlace, type Check } from "./check.ts";

interface DefinitionSpec {
  readonly group?: string;
  readonly names?: { readonly kind?: string };
}

/** Kinds that the zone's other keys say that the cluster has. */
function provided(zone: Zone): string[] {
  return [
    ...(zone.capabilities.monitoring === true
      ? ["ServiceMonitor.monitoring.coreos.com", "PrometheusRule.monitoring.coreos.com"]
      : []),
    ...(zone.gpu.nfd?.mode === "existing"
      ? ["NodeFeature.nfd.k8s-sigs.io", "NodeFeatureRule.nfd.k8s-sigs.io", "NodeFeatureGroup.nfd.k8s-sigs.io"]
      : []),
  ];
}

/** A preview passes a kind that nobody defines; the update waits a minute for it and fails. */
export const customResourceHasDefinition: Check = ({ zone, objects }) => {
  const defined = new Set([...(zone.capabilities.crds ?? []), ...provided(zone)]);
  for (const { object } of objects) {
    if (object.kind !== "CustomResourceDefinition") continue;
    const spec = object["spec"] as DefinitionSpec | undefined;
    defined.add(`${spec?.names?.kind ?? ""}.${spec?.group ?? ""}`);
  }
  return objects
    .filter(({ object }) => !isBuiltIn(object) && !defined.has(kindName(object)))
    .filter(
      ({ object }) =>
        !(zone.capabilities.istio === true && apiGroup(object.apiVersion).endsWith(".istio.io")),
    )
    .map((each) => ({
      ...objectPlace(zone, each),
      code: "GZ207",
      severity: "error",
      message: `wanted a kind that the zone knows, got ${kindName(each.object)}`,
      fix: `list it in the zone's capabilities.crds when the cluster has it, or ship its CustomResourceDefinition`,
    }));
};
