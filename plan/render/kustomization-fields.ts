import type { Located } from "../config/document.ts";

/** What a kustomization file names outside itself. */
export interface Reference {
  /**
   * `resource`: a file or a directory with a kustomization; `directory`: a kustomization; `file`: a file;
   * `plugin`: a file or directory of transformer configurations; `inline-plugin`: one written in place.
   */
  readonly kind: "resource" | "directory" | "file" | "plugin" | "inline-plugin";
  readonly value: string;
  readonly line: number;
}

/**
 * What a kustomization does to apps that stand in the same build. `shared`: settings that hold for a whole build (variables,
 * schemas, transformer settings) or names that it changes; `generates`: objects whose names change with their content.
 */
export type Effect = "shared" | "generates";

/** Something a kustomization may not hold, by line. */
export interface Refusal {
  readonly what: string;
  readonly line: number;
}

export interface KustomizationFields {
  readonly references: readonly Reference[];
  readonly refusals: readonly Refusal[];
  readonly effects: ReadonlySet<Effect>;
  /** Keys that kustomize does not have, in this spelling. */
  readonly unknown: readonly { readonly key: string; readonly line: number }[];
}

const HELM_KEYS = new Set(["helmCharts", "helmGlobals", "helmChartInflationGenerator"]);

/** Every key of a kustomization. kustomize also takes other spellings of them (`Resources`); nobody should. */
export const KUSTOMIZATION_KEYS = [
  ...["apiVersion", "kind", "metadata", "openapi", "namePrefix", "nameSuffix", "namespace", "commonLabels"],
  ...["labels", "commonAnnotations", "patchesStrategicMerge", "patchesJson6902", "patches", "images"],
  ...["imageTags", "replacements", "replicas", "vars", "sortOptions", "resources", "components", "crds"],
  ...["bases", "configMapGenerator", "secretGenerator", "generatorOptions", "configurations", "generators"],
  ...["transformers", "validators", "buildMetadata", ...HELM_KEYS],
];

/** All that a kustomization of plugins may hold: kustomize runs what comes out of it, so nothing may change it on its way. */
const PLUGIN_KEYS = new Set(["apiVersion", "kind", "metadata", "resources", "bases", "components"]);

const EFFECTS: ReadonlyMap<string, Effect> = new Map([
  ...["vars", "openapi", "crds", "configurations", "generators", "transformers", "validators"].map(
    (key) => [key, "shared"] as const,
  ),
  ...["namePrefix", "nameSuffix"].map((key) => [key, "shared"] as const),
  ...["configMapGenerator", "secretGenerator"].map((key) => [key, "generates"] as const),
]);

/**
 * Reads out of a parsed kustomization file what it names and what it may not hold.
 * @param plugins it is one of generators, transformers or validators
 */
export function kustomizationFields(root: Located, plugins = false): KustomizationFields {
  const references: Reference[] = [];
  const effects = new Set<Effect>();
  const refusals: Refusal[] = [];
  const unknown: { key: string; line: number }[] = [];
  const refer = (kind: Reference["kind"], nodes: readonly Located[]): void => {
    for (const node of nodes.flatMap(items)) {
      if (node.kind === "scalar" && typeof node.value === "string") {
        references.push({ kind, value: node.value, line: node.line });
      }
    }
  };
  for (const [key, node] of entries(root)) {
    if (HELM_KEYS.has(key)) {
      refusals.push({ what: `${key}, which downloads charts and runs helm`, line: node.line });
    } else if (!KUSTOMIZATION_KEYS.includes(key)) {
      unknown.push({ key, line: node.line });
    } else if (plugins && !PLUGIN_KEYS.has(key)) {
      refusals.push({ what: `${key}, which could change plugins on their way`, line: node.line });
    } else {
      const effect = EFFECTS.get(key);
      if (effect !== undefined) effects.add(effect);
      for (const [kind, nodes] of referencesOf(key, node)) refer(kind, nodes);
    }
  }
  return { references, refusals, effects, unknown };
}

function referencesOf(key: string, node: Located): [Reference["kind"], Located[]][] {
  switch (key) {
    case "resources":
      return [["resource", [node]]];
    case "bases":
    case "components":
      return [["directory", [node]]];
    case "crds":
    case "configurations":
      return [["file", [node]]];
    case "openapi":
      return [["file", valuesOf(node, "path")]];
    case "patches":
    case "patchesStrategicMerge":
    case "patchesJson6902":
    case "replacements":
      // Older kustomizations list file names, or YAML in place, where newer ones list maps.
      return [
        ["file", items(node).filter((item) => !isInline(item))],
        ["file", items(node).flatMap((item) => valuesOf(item, "path"))],
      ];
    case "configMapGenerator":
    case "secretGenerator":
      return [["file", items(node).flatMap(sourcesOf)]];
    case "generators":
    case "transformers":
    case "validators":
      return [
        ["plugin", items(node).filter((item) => !isInline(item))],
        ["inline-plugin", items(node).filter(isInline)],
      ];
    default:
      return [];
  }
}

/** Files of a generator; `key=path` names the key first. */
function sourcesOf(generator: Located): Located[] {
  const files = valuesOf(generator, "files")
    .flatMap(items)
    .map((item) =>
      item.kind === "scalar" && typeof item.value === "string"
        ? { ...item, value: item.value.slice(item.value.indexOf("=") + 1) }
        : item,
    );
  return [...files, ...valuesOf(generator, "envs").flatMap(items), ...valuesOf(generator, "env")];
}

/** Values of a key in a map, in every spelling that kustomize's reader takes for it: it ignores case. */
export function valuesOf(node: Located, key: string): Located[] {
  return entries(node).flatMap(([name, value]) => (foldCase(name) === foldCase(key) ? [value] : []));
}

/** A key as kustomize's reader compares it: without case, also where a letter has more than two (`\u017f`, `\u212a`). */
export function foldCase(key: string): string {
  return key.toUpperCase().toLowerCase();
}

/** A map's entries, with those that a merge key (`<<`) brings. */
function entries(node: Located): [string, Located][] {
  if (node.kind !== "map") return [];
  return [...node.entries].flatMap(([key, value]) =>
    key === "<<" ? items(value).flatMap(entries) : ([[key, value]] as [string, Located][]),
  );
}

function items(node: Located): readonly Located[] {
  return node.kind === "list" ? node.items : [node];
}

/** kustomize tries text of one line as a file first, whatever it looks like: only these cannot be one. */
function isInline(node: Located): boolean {
  return node.kind === "scalar" && typeof node.value === "string" && /\n|^\s*[[{]/.test(node.value);
}
