import type { Zone } from "../plan/config/zone.ts";
import { ApiError, type ApiServer } from "./api-server.ts";

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/** Istio's kinds that an app of a zone with `capabilities.istio` may hold. */
const ISTIO = [
  "AuthorizationPolicy.security.istio.io",
  "DestinationRule.networking.istio.io",
  "Gateway.networking.istio.io",
  "ServiceEntry.networking.istio.io",
  "VirtualService.networking.istio.io",
];

/** Gives the cluster the custom kinds that the zone says it has; any content is taken. One that exists is left as it is. */
export async function createCapabilities(api: ApiServer, capabilities: Zone["capabilities"]): Promise<void> {
  const kinds = [...(capabilities.istio === true ? ISTIO : []), ...(capabilities.crds ?? [])];
  await Promise.all(
    kinds.map(async (kind) => {
      try {
        await api.create(DEFINITIONS, definition(kind));
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 409)) throw error;
      }
    }),
  );
}

/** A definition of `Kind.group` that keeps whatever it is given, served as v1. */
function definition(kindAndGroup: string): object {
  const dot = kindAndGroup.indexOf(".");
  const [kind, group] = [kindAndGroup.slice(0, dot), kindAndGroup.slice(dot + 1)];
  const singular = kind.toLowerCase();
  const plural = singular.endsWith("y") ? `${singular.slice(0, -1)}ies` : `${singular}s`;
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: `${plural}.${group}`,
      annotations: group.endsWith(".k8s.io") ? { "api-approved.kubernetes.io": "unapproved, simulated" } : {},
    },
    spec: {
      group,
      scope: "Namespaced",
      names: { kind, singular, plural, listKind: `${kind}List` },
      versions: [{ name: "v1", served: true, storage: true, schema }],
    },
  };
}
