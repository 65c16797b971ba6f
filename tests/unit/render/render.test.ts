import assert from "node:assert/strict";
import fc from "fast-check";
import type { KubernetesObject } from "../../../plan/object.ts";
import { podTemplate } from "../../../plan/workload.ts";
import { asYaml } from "../../../plan/render/manifests.ts";
import { baseOf, deployment, renderTree, type Files } from "./tree.ts";
import { LIMIT_MS } from "./kustomize-path.ts";
import { zoneOf } from "./zone-text.ts";

/** An app of these manifests, one file each. */
function appOf(app: string, ...manifests: (string | object)[]): Files {
  const names = manifests.map((_, index) => `${index}.yaml`);
  return {
    [`apps/${app}/base/kustomization.yaml`]: asYaml({ resources: names }),
    ...Object.fromEntries(
      manifests.map((manifest, index) => [
        `apps/${app}/base/${index}.yaml`,
        typeof manifest === "string" ? manifest : asYaml(manifest),
      ]),
    ),
  };
}

const configMap = (name: string, data: Record<string, string>, namespace?: string): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: namespace === undefined ? { name } : { name, namespace },
  data,
});

async function render(files: Files, zone = "apps:\n  pd: {}\n"): Promise<readonly KubernetesObject[]> {
  const { apps, problems } = await renderTree(files, zoneOf(zone));
  assert.deepEqual(problems, []);
  return apps.flatMap(({ objects }) => objects);
}

describe("a rendered app", function () {
  this.timeout(LIMIT_MS);
  it("says on every object, and on no pod, who manages it, in which zone and for which app", async () => {
    const [object] = await render(baseOf("pd"));
    assert.deepEqual(object?.metadata.labels, {
      "app.kubernetes.io/managed-by": "gpu-zones",
      "gpu-zones.dev/owner": "pd",
      "gpu-zones.dev/zone": "zone-x",
    });
    assert.deepEqual(podTemplate(object)?.metadata?.labels, { app: "pd" });
    assert.deepEqual((object["spec"] as { selector: unknown }).selector, { matchLabels: { app: "pd" } });
  });

  it("lives in one namespace, whatever its files say, and its cluster-wide objects in none", async () => {
    const objects = await render(
      appOf("pd", configMap("a", {}), configMap("b", {}, "elsewhere"), {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRole",
        metadata: { name: "c" },
        rules: [],
      }),
      "apps:\n  pd: { namespace: detectors }\n",
    );
    assert.deepEqual(objects.map(({ metadata }) => [metadata.name, metadata.namespace]).toSorted(), [
      ["a", "detectors"],
      ["b", "detectors"],
      ["c", undefined],
    ]);
  });

  it("gives no namespace to a custom resource that its definition in the zone calls cluster-wide", async () => {
    const definition = (kind: string, scope: string): object => ({
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: `${kind.toLowerCase()}s.example.com` },
      spec: { scope, group: "example.com", names: { kind }, versions: [] },
    });
    const custom = (kind: string): object => ({
      apiVersion: "example.com/v1",
      kind,
      metadata: { name: "x" },
    });
    const objects = await render(
      {
        ...appOf("pd", custom("Fleet"), custom("Ship")),
        ...appOf("crds", definition("Fleet", "Cluster"), definition("Ship", "Namespaced")),
      },
      "apps:\n  pd: {}\n  crds: {}\n",
    );
    const namespaceOf = (kind: string): unknown =>
      objects.find((object) => object.kind === kind)?.metadata.namespace;
    assert.equal(namespaceOf("Fleet"), undefined);
    assert.equal(namespaceOf("Ship"), "pd");
  });

  for (const [apiVersion, kind] of [
    ["admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"],
    ["admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding"],
    ["admissionregistration.k8s.io/v1", "MutatingAdmissionPolicy"],
    ["certificates.k8s.io/v1beta1", "ClusterTrustBundle"],
    ["flowcontrol.apiserver.k8s.io/v1", "FlowSchema"],
    ["networking.k8s.io/v1", "IPAddress"],
    ["networking.k8s.io/v1", "ServiceCIDR"],
    ["resource.k8s.io/v1", "DeviceClass"],
    ["storage.k8s.io/v1", "VolumeAttributesClass"],
    ["storagemigration.k8s.io/v1beta1", "StorageVersionMigration"],
  ]) {
    it(`gives no namespace to a ${kind ?? ""}, which is newer than kustomize's schema`, async () => {
      const [object] = await render(appOf("pd", { apiVersion, kind, metadata: { name: "x" }, spec: {} }));
      assert.deepEqual([object?.kind, object?.metadata.namespace], [kind, undefined]);
    });
  }

  it("is told of an object that asks for a capability which no zone has", async () => {
    const metadata = { name: "route", annotations: { "gpu-zones.dev/requires-capability": "istoi" } };
    const { problems } = await renderTree(
      appOf("pd", { apiVersion: "v1", kind: "ConfigMap", metadata }),
      zoneOf("apps:\n  pd: {}\n"),
    );
    assert.deepEqual(
      problems.map(({ code, path, message, fix }) => [code, path, message, fix]),
      [
        [
          "GZ009",
          "apps.pd",
          "wanted a capability that a zone can have, got istoi on ConfigMap/route",
          'did you mean "istio"?',
        ],
      ],
    );
  });

  it("has the items of a list, not the list", async () => {
    const list = { apiVersion: "v1", kind: "List", items: [configMap("a", {}), configMap("b", {})] };
    assert.deepEqual(
      (await render(appOf("pd", list))).map(({ kind, metadata }) => `${kind}/${metadata.name}`),
      ["ConfigMap/a", "ConfigMap/b"],
    );
  });

  it("keeps what an annotation asks a capability for only where the zone has it, and the other annotations", async () => {
    const files = appOf("pd", {
      ...configMap("route", {}),
      metadata: {
        name: "route",
        annotations: { "gpu-zones.dev/requires-capability": "istio", other: "kept" },
      },
    });
    assert.deepEqual(await render(files), []);
    const [object] = await render(files, "capabilities: { istio: true }\napps:\n  pd: {}\n");
    assert.deepEqual(object?.metadata.annotations, { other: "kept" });
  });

  it("has every text and number as the files have it, through both stages", async () => {
    const tricky = [
      "yes",
      "0o14",
      "0x1F",
      "1_000",
      "12:30:45",
      "2020-01-01",
      "~",
      "null",
      "1e3",
      ".5",
      "<<",
      "=",
      " x",
      "a\n",
      "a\n\n",
      "\ttab",
      "é",
      "😀",
      "'\"\\",
      "---",
      "# no",
      "- a",
      "{a: b}",
      "%",
      "@",
      "`",
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: "grapheme", maxLength: 12 }), { minLength: 20, maxLength: 20 }),
        async (random) => {
          const texts = [...tricky, ...random];
          const data = Object.fromEntries(texts.map((text, index) => [`k${index}`, text]));
          const pod = deployment(
            "pd",
            ` [{ name: main, image: pd:1, resources: { limits: { cpu: 0.5, memory: 1000000000000 } }, ports: [{ containerPort: 80 }] }]`,
          );
          const objects = await render(
            appOf("pd", configMap("c", data), pod),
            "apps:\n  pd: { replicas: 12 }\n",
          );
          assert.deepEqual(objects.find(({ kind }) => kind === "ConfigMap")?.["data"], data);
          const rendered = objects.find(({ kind }) => kind === "Deployment");
          assert.equal((rendered?.["spec"] as { replicas: unknown }).replicas, 12);
          assert.deepEqual(podTemplate(rendered!)?.spec?.containers[0]?.resources, {
            limits: { cpu: 0.5, memory: 1000000000000 },
          });
        },
      ),
      { numRuns: 10 },
    );
  });
});

describe("text that kustomize does not carry unharmed", function () {
  this.timeout(LIMIT_MS);
  it("is refused, not changed, and the app that has it is named", async () => {
    const files = { ...baseOf("good"), ...appOf("pd", configMap("c", { a: "x\u2028y" })) };
    const { apps, problems } = await renderTree(files, zoneOf("apps:\n  good: {}\n  pd: {}\n"));
    assert.deepEqual(
      apps.map(({ app }) => app),
      ["good"],
    );
    assert.deepEqual(
      problems.map(({ code, path }) => `${code} ${path}`),
      ["GZ103 apps.pd.overlay"],
    );
    assert.match(problems[0]!.message, /U\+2028/);
  });
});

describe("several apps in one zone", function () {
  this.timeout(LIMIT_MS);
  it("may share a namespace, and each keeps its own objects in kustomize's order", async () => {
    const files = { ...baseOf("a"), ...baseOf("b"), ...appOf("c", configMap("c", {})) };
    const { apps, problems } = await renderTree(
      files,
      zoneOf("appDefaults: { namespace: shared }\napps:\n  b: {}\n  a: {}\n  c: {}\n"),
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(
      apps.map(({ app, objects }) => [
        app,
        objects.map(({ kind, metadata }) => `${kind}/${metadata.namespace ?? ""}/${metadata.name}`),
      ]),
      [
        ["b", ["Deployment/shared/b"]],
        ["a", ["Deployment/shared/a"]],
        ["c", ["ConfigMap/shared/c"]],
      ],
    );
  });

  it("may generate ConfigMaps of one name in one namespace, as long as their content differs", async () => {
    const generated = (app: string): Files => ({
      ...baseOf(app),
      [`apps/${app}/base/kustomization.yaml`]: `resources: [deployment.yaml]\nconfigMapGenerator: [{ name: cfg, literals: [A=${app}] }]\n`,
    });
    const objects = await render(
      { ...generated("a"), ...generated("b") },
      "appDefaults: { namespace: shared }\napps:\n  a: {}\n  b: { replicas: 3 }\n",
    );
    assert.deepEqual(
      objects.filter(({ kind }) => kind === "ConfigMap").map(({ data }) => data),
      [{ A: "a" }, { A: "b" }],
    );
  });

  it("may declare one Namespace together: it belongs to the zone", async () => {
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shared" } };
    const objects = await render(
      { ...appOf("a", namespace), ...appOf("b", namespace) },
      "appDefaults: { namespace: shared }\napps:\n  a: {}\n  b: {}\n",
    );
    assert.equal(objects.length, 2);
  });

  it("may not declare one object together: both are named, at the line of the second", async () => {
    const role = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "r" },
      rules: [],
    };
    const { problems } = await renderTree(
      { ...appOf("a", role, configMap("c", {})), ...appOf("b", role, configMap("c", {})) },
      zoneOf("apps:\n  a:\n    namespace: shared\n  b:\n    namespace: shared\n"),
    );
    assert.deepEqual(
      problems.map(({ code, path, line, message }) => [code, path, line, message]),
      [
        ["GZ106", "b/ClusterRole//r", 5, "wanted one owner of ClusterRole//r, got a and b"],
        ["GZ106", "b/ConfigMap/shared/c", 5, "wanted one owner of ConfigMap/shared/c, got a and b"],
      ],
    );
  });
});

describe("pods that read a ConfigMap of their app", function () {
  this.timeout(LIMIT_MS);
  const CONFIG_HASH = "gpu-zones.dev/config-hash";
  const ways: [way: string, container: string, pod: string][] = [
    ["envFrom", "envFrom: [{ configMapRef: { name: cfg } }]", ""],
    ["a variable", "env: [{ name: A, valueFrom: { configMapKeyRef: { name: cfg, key: a } } }]", ""],
    ["a volume", "", "volumes: [{ name: v, configMap: { name: cfg } }]"],
    [
      "a projected volume",
      "",
      "volumes: [{ name: v, projected: { sources: [{ configMap: { name: cfg } }] } }]",
    ],
    [
      "an init container",
      "",
      "initContainers: [{ name: i, image: i:1, envFrom: [{ configMapRef: { name: cfg } }] }]",
    ],
  ];
  async function hashes(files: Files): Promise<(string | undefined)[]> {
    const objects = await render(files);
    return objects.flatMap((object) => {
      const template = podTemplate(object);
      return template === undefined ? [] : [template.metadata?.annotations?.[CONFIG_HASH]];
    });
  }
  for (const [way, container, pod] of ways) {
    it(`roll when it changes that they read by ${way}, and pods that do not read it stay`, async () => {
      const files = (value: string): Files =>
        appOf(
          "pd",
          configMap("cfg", { a: value, b: "1" }),
          deployment("reader", `\n        - name: main\n          image: x:1\n          ${container}\n`, pod),
          deployment("other", " [{ name: main, image: x:1 }]"),
        );
      const [[otherBefore, before], [, after]] = await Promise.all([hashes(files("1")), hashes(files("2"))]);
      assert.match(before ?? "", /^[0-9a-f]{16}$/);
      assert.notEqual(after, before);
      assert.equal(otherBefore, undefined);
    });
  }

  it("stay when only the order of its keys changes", async () => {
    const files = (data: Record<string, string>): Files =>
      appOf(
        "pd",
        configMap("cfg", data),
        deployment("reader", " [{ name: m, image: x:1, envFrom: [{ configMapRef: { name: cfg } }] }]"),
      );
    assert.deepEqual(await hashes(files({ a: "1", b: "2" })), await hashes(files({ b: "2", a: "1" })));
  });

  it("get no hash for a ConfigMap whose name has one, nor for one that is not the app's", async () => {
    const files = {
      ...appOf(
        "pd",
        deployment(
          "pd",
          " [{ name: m, image: x:1, envFrom: [{ configMapRef: { name: cfg } }, { configMapRef: { name: foreign } }] }]",
        ),
      ),
      "apps/pd/base/kustomization.yaml":
        "resources: [0.yaml]\nconfigMapGenerator: [{ name: cfg, literals: [A=1] }]\n",
    };
    assert.deepEqual(await hashes(files), [undefined]);
  });

  it("get a hash for a generated ConfigMap that was told to keep its name", async () => {
    const files = {
      ...appOf(
        "pd",
        deployment("pd", " [{ name: m, image: x:1, envFrom: [{ configMapRef: { name: cfg } }] }]"),
      ),
      "apps/pd/base/kustomization.yaml":
        "resources: [0.yaml]\nconfigMapGenerator: [{ name: cfg, literals: [A=1], options: { disableNameSuffixHash: true } }]\n",
    };
    assert.match((await hashes(files))[0] ?? "", /^[0-9a-f]{16}$/);
  });
});
