import type {
  V1Affinity,
  V1Container,
  V1NodeAffinity,
  V1NodeSelectorTerm,
  V1PodSpec,
} from "@kubernetes/client-node";
import type { AppSettings } from "../config/zone.ts";
import type { GpuTarget } from "./gpu-target.ts";
import { pointer, type Operation } from "./json-patch.ts";
import { NVIDIA, type Target } from "./target.ts";

const PRODUCT = "nvidia.com/gpu.product";

/** Operations that give the target container its GPU and its cpu and memory. */
export function resourceOperations(
  { container, templatePath, index }: Target,
  gpu: GpuTarget | undefined,
  resources: AppSettings["resources"],
): Operation[] {
  if (gpu === undefined && resources === undefined) return [];
  const wanted = wantedResources(container, gpu, resources);
  if (JSON.stringify(wanted) === JSON.stringify(container.resources)) return [];
  return [
    { op: "add", path: pointer(templatePath, "spec", "containers", index, "resources"), value: wanted },
  ];
}

type Quantities = Record<string, string | number>;

function wantedResources(
  container: V1Container,
  gpu: GpuTarget | undefined,
  resources: AppSettings["resources"] = {},
): Record<string, unknown> {
  const { limits, requests, ...rest } = container.resources ?? {};
  const both = defined({ cpu: resources.cpu, memory: resources.memory });
  const merged = (
    built: Quantities | null | undefined,
    own: Record<string, string | number | undefined> = {},
  ): Quantities => ({
    ...(gpu === undefined ? built : withoutNvidia(built)),
    ...both,
    ...defined(own),
  });
  return {
    ...rest,
    ...unlessEmpty("limits", {
      ...merged(limits, resources.limits),
      ...(gpu === undefined ? {} : { [gpu.resource]: gpu.count }),
    }),
    ...unlessEmpty("requests", merged(requests, resources.requests)),
  };
}

function withoutNvidia(quantities: Quantities | null | undefined): Quantities {
  return Object.fromEntries(Object.entries(quantities ?? {}).filter(([name]) => !name.startsWith(NVIDIA)));
}

function defined(quantities: Record<string, string | number | undefined>): Quantities {
  return Object.fromEntries(
    Object.entries(quantities).filter((entry): entry is [string, string | number] => entry[1] !== undefined),
  );
}

function unlessEmpty(key: string, quantities: Quantities): Record<string, Quantities> {
  return Object.keys(quantities).length === 0 ? {} : { [key]: quantities };
}

/**
 * Operations that set environment variables by name. One per variable and not the whole list: names of generated
 * ConfigMaps in the others may still change when the app has patches.
 */
export function environmentOperations(
  { container, templatePath, index }: Target,
  env: AppSettings["env"] = {},
): Operation[] {
  const list = pointer(templatePath, "spec", "containers", index, "env");
  const variables = Object.entries(env).map(([name, value]) => ({ name, value: String(value) }));
  if (variables.length === 0) return [];
  const built = container.env ?? [];
  if (built.length === 0) return [{ op: "add", path: list, value: variables }];
  return variables.flatMap((variable): Operation[] => {
    // Of variables of one name the last counts.
    const at = built.findLastIndex(({ name }) => name === variable.name);
    if (at < 0) return [{ op: "add", path: `${list}/-`, value: variable }];
    return [{ op: "replace", path: pointer(list, at), value: variable }];
  });
}

/**
 * Operations that send the pods to nodes that have the GPU. A product that the base asks for gives way: it would contradict the
 * zone's.
 */
export function placementOperations(
  { template, templatePath }: Target,
  gpu: GpuTarget | undefined,
): Operation[] {
  if (gpu === undefined) return [];
  const pod: Partial<V1PodSpec> = template.spec ?? {};
  const at = pointer(templatePath, "spec");
  const { [PRODUCT]: _product, ...others } = pod.nodeSelector ?? {};
  return [
    ...changed(pointer(at, "nodeSelector"), pod.nodeSelector, { ...others, ...gpu.nodeSelector }),
    ...changed(pointer(at, "affinity"), pod.affinity, onProducts(pod.affinity, gpu.productLabels)),
  ];
}

function changed(path: string, built: object | null | undefined, wanted: object): Operation[] {
  if (JSON.stringify(wanted) === JSON.stringify(built ?? {})) return [];
  return Object.keys(wanted).length === 0 ? [{ op: "remove", path }] : [{ op: "add", path, value: wanted }];
}

/** The classes of the client library are only shapes here. */
type Shape<T> = { [Key in keyof T]: T[Key] };

/** Requires one of the products beside what is required already, in place of products that the base requires. */
function onProducts(built: Shape<V1Affinity> | undefined, products: readonly string[] | undefined): object {
  const { nodeAffinity, ...others } = built ?? {};
  const { requiredDuringSchedulingIgnoredDuringExecution: required, ...preferred }: Shape<V1NodeAffinity> =
    nodeAffinity ?? {};
  const terms: readonly Shape<V1NodeSelectorTerm>[] = (required?.nodeSelectorTerms ?? []).map(withoutProduct);
  const own = products && { matchExpressions: [{ key: PRODUCT, operator: "In", values: [...products] }] };
  const nodeSelectorTerms = own === undefined ? withoutAny(terms) : eachWith(terms, own.matchExpressions);
  const node = {
    ...preferred,
    ...(nodeSelectorTerms.length === 0
      ? {}
      : { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } }),
  };
  return { ...others, ...(Object.keys(node).length === 0 ? {} : { nodeAffinity: node }) };
}

function withoutProduct(term: Shape<V1NodeSelectorTerm>): Shape<V1NodeSelectorTerm> {
  const { matchExpressions, ...rest } = term;
  const kept = (matchExpressions ?? []).filter(({ key, operator }) => key !== PRODUCT || operator !== "In");
  return kept.length === 0 ? rest : { ...rest, matchExpressions: kept };
}

/** The terms are alternatives, so each gets the expressions. */
function eachWith(
  terms: readonly Shape<V1NodeSelectorTerm>[],
  expressions: NonNullable<V1NodeSelectorTerm["matchExpressions"]>,
): Shape<V1NodeSelectorTerm>[] {
  return (terms.length === 0 ? [{}] : terms).map((term: Shape<V1NodeSelectorTerm>) => ({
    ...term,
    matchExpressions: [...(term.matchExpressions ?? []), ...expressions],
  }));
}

/** An alternative that asks for nothing more makes the whole ask for nothing; an empty term would match no node. */
function withoutAny(terms: readonly Shape<V1NodeSelectorTerm>[]): readonly Shape<V1NodeSelectorTerm>[] {
  return terms.some((term) => Object.keys(term).length === 0) ? [] : terms;
}
