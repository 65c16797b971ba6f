import type { KubernetesObject } from "../../plan/object.ts";

/** Group of Node Feature Discovery's kinds (v0.19.0). */
export const NFD_GROUP = "nfd.k8s-sigs.io";
const VERSION = "v1alpha1";
export const NFD_API_VERSION = `${NFD_GROUP}/${VERSION}`;

/** A structural schema, in the words that the API server takes (the client's type has other names for some). */
interface Schema {
  readonly type: "string" | "object" | "array";
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly "x-kubernetes-list-type"?: "map";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
}

const TEXT: Schema = { type: "string" };

/** Operators of a rule's expressions. */
const OPERATORS = [
  ...["In", "NotIn", "InRegexp", "Exists", "DoesNotExist"],
  ...["Gt", "Ge", "Lt", "Le", "GtLt", "GeLe", "IsTrue", "IsFalse"],
];

function object(properties: Record<string, Schema>, required: readonly string[] = []): Schema {
  return { type: "object", properties, ...(required.length === 0 ? {} : { required: [...required] }) };
}

function listOf(items: Schema): Schema {
  return { type: "array", items };
}

function mapOf(additionalProperties: Schema): Schema {
  return { type: "object", additionalProperties };
}

const expression = object({ op: { type: "string", enum: OPERATORS }, type: TEXT, value: listOf(TEXT) }, [
  "op",
]);

const matchFeatures = listOf(
  object({ feature: TEXT, matchExpressions: mapOf(expression), matchName: expression }, ["feature"]),
);

/** What a rule of either kind says of the nodes that it means. */
const matches: Record<string, Schema> = {
  name: TEXT,
  vars: mapOf(TEXT),
  varsTemplate: TEXT,
  matchFeatures,
  matchAny: listOf(object({ matchFeatures }, ["matchFeatures"])),
};

const taint = object(
  { key: TEXT, value: TEXT, effect: TEXT, timeAdded: { type: "string", format: "date-time" } },
  ["effect", "key"],
);

/** What was found on one node: the worker writes it, the master makes labels of it. */
const nodeFeature = object({
  labels: mapOf(TEXT),
  features: object({
    flags: mapOf(object({ elements: mapOf({ type: "object" }) }, ["elements"])),
    attributes: mapOf(object({ elements: mapOf(TEXT) }, ["elements"])),
    instances: mapOf(
      object({ elements: listOf(object({ attributes: mapOf(TEXT) }, ["attributes"])) }, ["elements"]),
    ),
  }),
});

const nodeFeatureRule = object(
  {
    rules: listOf(
      object(
        {
          ...matches,
          labels: mapOf(TEXT),
          labelsTemplate: TEXT,
          annotations: mapOf(TEXT),
          extendedResources: mapOf(TEXT),
          taints: listOf(taint),
        },
        ["name"],
      ),
    ),
  },
  ["rules"],
);

const nodeFeatureGroup = object({ featureGroupRules: listOf(object(matches, ["name"])) }, [
  "featureGroupRules",
]);

const groupStatus = object({
  nodes: {
    ...listOf(object({ name: TEXT }, ["name"])),
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
  },
});

interface Kind {
  readonly kind: "NodeFeature" | "NodeFeatureRule" | "NodeFeatureGroup";
  readonly scope: "Cluster" | "Namespaced";
  readonly shortNames?: string[];
  readonly spec: Schema;
  readonly status?: Schema;
}

const KINDS: readonly Kind[] = [
  { kind: "NodeFeature", scope: "Namespaced", spec: nodeFeature },
  { kind: "NodeFeatureRule", scope: "Cluster", shortNames: ["nfr"], spec: nodeFeatureRule },
  {
    kind: "NodeFeatureGroup",
    scope: "Namespaced",
    shortNames: ["nfg"],
    spec: nodeFeatureGroup,
    status: groupStatus,
  },
];

/** The CustomResourceDefinitions of Node Feature Discovery, with whole schemas: the API server refuses what it does not know. */
export function nodeFeatureDefinitions(): KubernetesObject[] {
  return KINDS.map(({ kind, scope, shortNames, spec, status }) => {
    const singular = kind.toLowerCase();
    const properties: Record<string, Schema> = {
      apiVersion: TEXT,
      kind: TEXT,
      metadata: { type: "object" },
      spec,
    };
    return {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: `${singular}s.${NFD_GROUP}` },
      spec: {
        group: NFD_GROUP,
        scope,
        names: {
          kind,
          listKind: `${kind}List`,
          plural: `${singular}s`,
          singular,
          ...(shortNames === undefined ? {} : { shortNames }),
        },
        versions: [
          {
            name: VERSION,
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: object(status === undefined ? properties : { ...properties, status }, [
                "spec",
              ]),
            },
            ...(status === undefined ? {} : { subresources: { status: {} } }),
          },
        ],
      },
    };
  });
}
