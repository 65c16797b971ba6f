import assert from "node:assert/strict";
import fc from "fast-check";
import { stringify } from "yaml";
import { renderZone, type RenderedApp } from "../../../plan/render/render.ts";
import { KUSTOMIZE, LIMIT_MS } from "./kustomize-path.ts";
import { withTree, type Files } from "./tree.ts";
import { zoneOf } from "./zone-text.ts";

/** What an app's kustomization does that could reach another app in one build. */
const app = fc.record({
  namespace: fc.constantFrom("one", "two"),
  prefix: fc.boolean(),
  suffix: fc.boolean(),
  generates: fc.boolean(),
  refers: fc.boolean(),
  priorityClass: fc.boolean(),
  clusterRole: fc.boolean(),
  vars: fc.boolean(),
  openapi: fc.boolean(),
  configurations: fc.boolean(),
  transformer: fc.boolean(),
  renames: fc.boolean(),
});
type App = typeof app extends fc.Arbitrary<infer T> ? T : never;

const SCHEMA = {
  definitions: {
    "v1.Widget": {
      properties: {
        items: {
          type: "array",
          items: { type: "object" },
          "x-kubernetes-patch-merge-key": "name",
          "x-kubernetes-patch-strategy": "merge",
        },
      },
      "x-kubernetes-group-version-kind": [{ group: "example.com", kind: "Widget", version: "v1" }],
    },
  },
};

function filesOf(name: string, each: App): Files {
  const folder = `apps/${name}/base`;
  const meta = (more: object): object => ({ metadata: { name: "high" }, ...more });
  const resources = [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name },
      spec: {
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: {
            priorityClassName: "high",
            containers: [
              {
                name: "main",
                image: "pd:1",
                args: ["$(PORT)"],
                ...(each.refers ? { envFrom: [{ configMapRef: { name: "cfg" } }] } : {}),
              },
            ],
          },
        },
      },
    },
    {
      apiVersion: "example.com/v1",
      kind: "Widget",
      metadata: { name: `w-${name}` },
      items: [{ name: "a", x: 1 }],
    },
    ...(each.priorityClass
      ? [meta({ apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", value: 1 })]
      : []),
    ...(each.clusterRole
      ? [
          {
            apiVersion: "rbac.authorization.k8s.io/v1",
            kind: "ClusterRole",
            metadata: { name: `reads-${name}` },
            rules: [{ apiGroups: [""], resources: ["configmaps"], resourceNames: ["cfg"], verbs: ["get"] }],
          },
        ]
      : []),
  ];
  const kustomization = {
    resources: ["all.yaml"],
    patches: [
      {
        patch: stringify({
          apiVersion: "example.com/v1",
          kind: "Widget",
          metadata: { name: `w-${name}` },
          items: [{ name: "b" }],
        }),
      },
    ],
    ...(each.prefix ? { namePrefix: `${name}-` } : {}),
    ...(each.suffix ? { nameSuffix: "-x" } : {}),
    ...(each.generates ? { configMapGenerator: [{ name: "cfg", literals: [`of=${name}`] }] } : {}),
    ...(each.vars
      ? {
          vars: [
            {
              name: "PORT",
              objref: { apiVersion: "apps/v1", kind: "Deployment", name },
              fieldref: { fieldpath: "metadata.name" },
            },
          ],
        }
      : {}),
    ...(each.openapi ? { openapi: { path: "schema.json" } } : {}),
    ...(each.configurations ? { configurations: ["settings.yaml"] } : {}),
    ...(each.transformer
      ? {
          transformers: [
            stringify({
              apiVersion: "builtin",
              kind: "PrefixTransformer",
              metadata: { name: "p" },
              prefix: "t-",
              fieldSpecs: [{ path: "metadata/name" }],
            }),
          ],
        }
      : {}),
  };
  return {
    [`${folder}/kustomization.yaml`]: stringify(kustomization),
    [`${folder}/all.yaml`]: resources.map((resource) => stringify(resource)).join("---\n"),
    [`${folder}/schema.json`]: JSON.stringify(SCHEMA),
    [`${folder}/settings.yaml`]: stringify({
      nameReference: [{ kind: "Deployment", fieldSpecs: [{ kind: "Widget", path: "uses" }] }],
    }),
  };
}

async function render(repository: string, apps: Record<string, App>): Promise<RenderedApp[]> {
  const settings = Object.entries(apps).map(([name, { namespace, renames }]) => [
    name,
    {
      namespace,
      workload: "Deployment",
      ...(renames
        ? {
            patches: [
              {
                target: { kind: "PriorityClass" },
                options: { allowNameChange: true },
                patch: '[{"op": "replace", "path": "/metadata/name", "value": "higher"}]',
              },
            ],
          }
        : {}),
    },
  ]);
  const zone = zoneOf(stringify({ apps: Object.fromEntries(settings) as object }));
  const rendering = await renderZone(zone, { repository, kustomize: KUSTOMIZE, gpu: {} });
  return rendering.apps.map(({ app: name, objects }) => ({ app: name, objects, workload: undefined }));
}

describe("apps in one zone", function () {
  this.timeout(LIMIT_MS * 4);

  it("come out as each does in a zone of its own", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(app, { minLength: 2, maxLength: 3 }), async (each) => {
        const apps = Object.fromEntries(each.map((value, index) => [`app-${index}`, value]));
        const files = Object.assign({}, ...Object.entries(apps).map((entry) => filesOf(...entry))) as Files;
        await withTree(files, async (repository) => {
          const alone = [];
          const taken = new Set<string>();
          for (const [name, value] of Object.entries(apps)) {
            for (const { objects, ...rest } of await render(repository, { [name]: value })) {
              // The first app of a zone keeps an object that several declare; that is another rule.
              const id = ({ kind, metadata }: (typeof objects)[number]): string =>
                [kind, metadata.namespace, metadata.name].join("/");
              alone.push({ ...rest, objects: objects.filter((object) => !taken.has(id(object))) });
              for (const object of objects) taken.add(id(object));
            }
          }
          assert.deepEqual(await render(repository, apps), alone);
        });
      }),
      { numRuns: 12 },
    );
  });

  const cases: [what: string, other: Partial<App>, own: Partial<App>][] = [
    ["a prefix on a PriorityClass of the other", { prefix: true, priorityClass: true }, {}],
    ["variables of the other", { vars: true }, {}],
    ["a schema of the other", { openapi: true }, {}],
    ["a ConfigMap that the other generates in its namespace", { generates: true }, { refers: true }],
    [
      "a ConfigMap that the other generates, in a ClusterRole",
      { generates: true, namespace: "two" },
      { clusterRole: true },
    ],
  ];
  const none: App = {
    namespace: "one",
    prefix: false,
    suffix: false,
    generates: false,
    refers: false,
    priorityClass: false,
    clusterRole: false,
    vars: false,
    openapi: false,
    configurations: false,
    transformer: false,
    renames: false,
  };
  for (const [what, other, own] of cases) {
    it(`are not changed by ${what}`, async () => {
      const apps = { "app-0": { ...none, ...other }, "app-1": { ...none, ...own } };
      const files = { ...filesOf("app-0", apps["app-0"]), ...filesOf("app-1", apps["app-1"]) };
      await withTree(files, async (repository) => {
        const [, together] = await render(repository, apps);
        const [alone] = await render(repository, { "app-1": apps["app-1"] });
        assert.deepEqual(together?.objects, alone?.objects);
      });
    });
  }
});
