import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { realpathSync } from "node:fs";
import fc from "fast-check";
import { stringify } from "yaml";
import { kustomizeBuild } from "../../../plan/render/kustomize.ts";
import { parseManifests } from "../../../plan/render/manifests.ts";
import { renderZone } from "../../../plan/render/render.ts";
import { KUSTOMIZE, LIMIT_MS } from "./kustomize-path.ts";
import { withTree, writeTree, type Files } from "./tree.ts";
import { zoneOf } from "./zone-text.ts";

/** What one app is and what the zone says of it. */
const app = fc.record({
  kind: fc.constantFrom("Deployment", "StatefulSet"),
  image: fc.constantFrom("pd", "registry.example:5000/team/pd"),
  sidecar: fc.boolean(),
  generated: fc.boolean(),
  prefix: fc.boolean(),
  component: fc.boolean(),
  namespace: fc.constantFrom("one", "two"),
  replicas: fc.option(fc.nat(9), { nil: undefined }),
  tag: fc.option(fc.constantFrom("2", "v1.2-rc.1"), { nil: undefined }),
  label: fc.option(fc.constantFrom("a/b", "a~b", "yes"), { nil: undefined }),
  data: fc.option(fc.constantFrom("on", "0777", "x y"), { nil: undefined }),
});
type App = typeof app extends fc.Arbitrary<infer T> ? T : never;

function filesOf(name: string, { kind, image, sidecar, generated, prefix, component }: App): Files {
  const main = {
    name: "main",
    image: `${image}:1`,
    ports: [{ containerPort: 80 }],
    ...(generated ? { envFrom: [{ configMapRef: { name: `cfg-${name}` } }] } : {}),
  };
  const template = {
    metadata: { labels: { app: name } },
    spec: { containers: sidecar ? [{ name: "side", image: "side:1" }, main] : [main] },
  };
  return {
    [`apps/${name}/base/kustomization.yaml`]: stringify({ resources: ["workload.yaml"] }),
    [`apps/${name}/base/workload.yaml`]: stringify({
      apiVersion: "apps/v1",
      kind,
      metadata: { name },
      spec: { selector: { matchLabels: { app: name } }, template },
    }),
    [`apps/${name}/over/kustomization.yaml`]: stringify({
      resources: ["../base"],
      ...(prefix ? { namePrefix: "x-" } : {}),
      ...(generated ? { configMapGenerator: [{ name: `cfg-${name}`, literals: ["a=1"] }] } : {}),
    }),
    ...(component
      ? {
          [`apps/${name}/components/c/kustomization.yaml`]: stringify({
            apiVersion: "kustomize.config.k8s.io/v1alpha1",
            kind: "Component",
            commonAnnotations: { by: "component" },
          }),
        }
      : {}),
  };
}

function patchesOf(name: string, { label, data, generated, prefix, kind }: App): object[] {
  const workload = { target: { kind, name: `${prefix ? "x-" : ""}${name}` } };
  const escaped = label?.replaceAll("~", "~0").replaceAll("/", "~1") ?? "";
  return [
    ...(label === undefined
      ? []
      : [{ ...workload, patch: `- { op: add, path: /metadata/labels/${escaped}, value: "yes" }\n` }]),
    ...(data === undefined || !generated
      ? []
      : [{ target: { kind: "ConfigMap" }, patch: `- { op: add, path: /data/more, value: "${data}" }\n` }]),
  ];
}

function zoneText(apps: readonly App[]): string {
  const settings = apps.map((each, index) => [
    `app-${index}`,
    {
      overlay: "over",
      namespace: each.namespace,
      ...(each.component ? { components: ["c"] } : {}),
      ...(each.replicas === undefined ? {} : { replicas: each.replicas }),
      ...(each.tag === undefined ? {} : { image: each.tag }),
      patches: patchesOf(`app-${index}`, each),
    },
  ]);
  return stringify({ apps: Object.fromEntries(settings) as object });
}

/** The root that a person would write: one kustomization per app over its overlay, with everything in it. */
function handWritten(apps: readonly App[], toRepository: string): Files {
  const files = apps.map((each, index) => {
    const name = `app-${index}`;
    const folder = `${toRepository}/apps/${name}`;
    const kustomization = {
      resources: [`${folder}/over`],
      ...(each.component ? { components: [`${folder}/components/c`] } : {}),
      namespace: each.namespace,
      labels: [
        {
          pairs: {
            "app.kubernetes.io/managed-by": "gpu-zones",
            "gpu-zones.dev/zone": "zone-x",
            "gpu-zones.dev/owner": name,
          },
        },
      ],
    };
    // Patches look for what the labels made: a second kustomization over the first.
    const last = {
      resources: [`../${name}`],
      patches: patchesOf(name, each),
      ...(each.replicas === undefined
        ? {}
        : { replicas: [{ name: `${each.prefix ? "x-" : ""}${name}`, count: each.replicas }] }),
      ...(each.tag === undefined ? {} : { images: [{ name: each.image, newTag: each.tag }] }),
    };
    return {
      [`hand/${name}/kustomization.yaml`]: stringify(kustomization),
      [`hand/${name}-zone/kustomization.yaml`]: stringify(last),
    };
  });
  const root = { resources: apps.map((_, index) => `../app-${index}-zone`) };
  return Object.assign({ "hand/root/kustomization.yaml": stringify(root) }, ...files) as Files;
}

describe("a zone's rendering", function () {
  this.timeout(LIMIT_MS);
  it("equals what kustomize builds from a root written by hand", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(app, { minLength: 1, maxLength: 4 }), async (apps) => {
        const files = Object.assign({}, ...apps.map((each, index) => filesOf(`app-${index}`, each))) as Files;
        await withTree(files, async (folder) => {
          const repository = realpathSync(folder);
          await writeTree(repository, handWritten(apps, relative(join(repository, "hand/x"), repository)));
          const expected = parseManifests(await kustomizeBuild(KUSTOMIZE, join(repository, "hand/root")));
          const rendering = await renderZone(zoneOf(zoneText(apps)), {
            repository,
            kustomize: KUSTOMIZE,
            gpu: {},
          });
          assert.deepEqual(rendering.problems, []);
          for (const { app: name, objects } of rendering.apps) {
            const own = expected.filter(({ metadata }) => metadata.labels?.["gpu-zones.dev/owner"] === name);
            assert.equal(JSON.stringify(objects), JSON.stringify(own));
          }
          assert.equal(rendering.apps.flatMap(({ objects }) => objects).length, expected.length);
        });
      }),
      { numRuns: 25 },
    );
  });
});
