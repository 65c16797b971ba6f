import assert from "node:assert/strict";
import { operandNames, planZone, type Plan } from "../../../plan/plan.ts";
import { stringify } from "yaml";
import { KUSTOMIZE, LIMIT_MS } from "../render/kustomize-path.ts";
import { baseOf, withTree, type Files } from "../render/tree.ts";
import { zoneOf } from "../render/zone-text.ts";

const T4 =
  "nodePools: { t4: { product: Tesla-T4, gpusPerNode: 1, os: ubuntu22.04, runtime: containerd@2.1, nodes: [n1] } }\n";
const UNMANAGED = "gpu: { managed: false }\n";

async function planOf(files: Files, zone: string): Promise<Plan> {
  return await withTree(files, (repository) => planZone(zoneOf(zone), { repository, kustomize: KUSTOMIZE }));
}

function ids({ objects }: Plan): string[] {
  return objects.map(({ id }) => id);
}

/** An app of one more manifest beside its Deployment. */
function withManifest(app: string, manifest: object): Files {
  return {
    ...baseOf(app),
    [`apps/${app}/base/kustomization.yaml`]: "resources: [deployment.yaml, more.yaml]\n",
    [`apps/${app}/base/more.yaml`]: stringify(manifest),
  };
}

describe("the plan of a zone", function () {
  this.timeout(LIMIT_MS);

  it("names every object by owner, kind, namespace and name", async () => {
    const plan = await planOf(
      withManifest("pd", {
        apiVersion: "networking.istio.io/v1",
        kind: "VirtualService",
        metadata: { name: "r" },
      }),
      `${UNMANAGED}apps: { pd: { namespace: detectors } }\ncapabilities: { istio: true }\n`,
    );
    assert.deepEqual(ids(plan), [
      "zone/Namespace//detectors",
      "pd/Deployment/detectors/pd",
      "pd/VirtualService.networking.istio.io/detectors/r",
    ]);
    assert.deepEqual(plan.findings, []);
  });

  it("labels every object with its manager, zone and owner, and no pod", async () => {
    const plan = await planOf(baseOf("pd"), `${T4}apps: { pd: {} }\n`);
    for (const { owner, object } of plan.objects) {
      assert.equal(object.metadata.labels?.["app.kubernetes.io/managed-by"], "gpu-zones");
      assert.equal(object.metadata.labels["gpu-zones.dev/zone"], "zone-x");
      assert.equal(object.metadata.labels["gpu-zones.dev/owner"], owner);
    }
    const pods = plan.objects.map(({ object }) => JSON.stringify(object["spec"] ?? null));
    assert.doesNotMatch(pods.join(), /gpu-zones\.dev\/(zone|owner)/);
  });

  it("is written by one field manager on every object, whatever an app says, and tells no pod", async () => {
    const own = `[{ target: { kind: Deployment }, patch: '[{ "op": "add", "path": "/metadata/annotations", "value": { "pulumi.com/patchFieldManager": "me" } }]' }]`;
    const plan = await planOf(baseOf("pd"), `${T4}apps: { pd: { patches: ${own} } }\n`);
    assert.ok(plan.objects.length > 5);
    for (const { object } of plan.objects) {
      assert.equal(object.metadata.annotations?.["pulumi.com/patchFieldManager"], "gpu-zones");
      assert.doesNotMatch(JSON.stringify(object["spec"] ?? null), /patchFieldManager/);
    }
  });

  it("has the quantities of its apps and operands as the API server stores them", async () => {
    const plan = await planOf(
      baseOf("pd"),
      `${T4}gpu: { devicePlugin: { resources: { cpu: 0.5, memory: 1024Mi } } }\napps: { pd: { gpu: { model: Tesla-T4 }, resources: { cpu: 2 } } }\n`,
    );
    const text = JSON.stringify(plan.objects);
    assert.match(text, /"limits":{"cpu":"2","nvidia\.com\/gpu":"1"}/);
    assert.match(text, /"requests":{"cpu":"500m","memory":"1Gi"}/);
  });

  it("gives each namespace to the zone, once, with the labels that its apps ask for", async () => {
    const files = {
      ...withManifest("a", {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: "shared", labels: { team: "a" } },
      }),
      ...baseOf("b"),
    };
    const plan = await planOf(
      files,
      `${UNMANAGED}apps: { a: { namespace: shared }, b: { namespace: shared } }\n`,
    );
    assert.deepEqual(ids(plan), ["zone/Namespace//shared", "a/Deployment/shared/a", "b/Deployment/shared/b"]);
    assert.equal(plan.objects[0]?.object.metadata.labels?.["team"], "a");
  });

  it("keeps the annotations of a namespace, and is told where two apps disagree", async () => {
    const namespace = (team: string): object => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "shared", labels: { team }, annotations: { [`of-${team}`]: "yes" } },
    });
    const plan = await planOf(
      { ...withManifest("a", namespace("a")), ...withManifest("b", namespace("b")) },
      `${UNMANAGED}apps:\n  a: { namespace: shared }\n  b: { namespace: shared }\n`,
    );
    const { labels, annotations } = plan.objects[0]!.object.metadata;
    assert.equal(labels?.["team"], "a");
    assert.deepEqual([annotations?.["of-a"], annotations?.["of-b"]], ["yes", "yes"]);
    assert.deepEqual(
      plan.findings.map(({ code, path, line, message }) => [code, path, line, message]),
      [
        [
          "GZ106",
          "zone/Namespace//shared",
          4,
          "wanted one value of team on the namespace shared, got a of a and b of b",
        ],
      ],
    );
  });

  it("owns no namespace that every cluster has", async () => {
    const plan = await planOf(baseOf("pd"), `${UNMANAGED}apps: { pd: { namespace: default } }\n`);
    assert.deepEqual(ids(plan), ["pd/Deployment/default/pd"]);
  });

  it("has the operands in the order in which a node needs them, in a namespace that takes privileged pods", async () => {
    const plan = await planOf({}, T4);
    assert.deepEqual(operandNames(plan), [
      "node-feature-discovery",
      "runtime-classes",
      "labeller",
      "driver",
      "container-toolkit",
      "operator-validator",
      "device-plugin",
      "dcgm-exporter",
      "gpu-feature-discovery",
      "node-status-exporter",
    ]);
    const namespace = plan.objects.find(({ id }) => id === "zone/Namespace//gpu-operator");
    assert.equal(namespace?.object.metadata.labels?.["pod-security.kubernetes.io/enforce"], "privileged");
  });

  it("has no operand where somebody else drives the GPUs, and predicts all the same", async () => {
    const plan = await planOf(baseOf("pd"), `${UNMANAGED}${T4}apps: { pd: { gpu: { model: Tesla-T4 } } }\n`);
    assert.deepEqual(operandNames(plan), []);
    assert.match(JSON.stringify(plan.objects), /"nvidia\.com\/gpu\.product":"Tesla-T4"/);
  });

  it("gives workloads with GPUs half an hour to become ready, unless their files say otherwise, and others none", async () => {
    const timeouts = async (zone: string, files = baseOf("pd")): Promise<unknown[]> =>
      (await planOf(files, `${UNMANAGED}${T4}${zone}`)).objects
        .filter(({ owner }) => owner === "pd")
        .map(({ object }) => object.metadata.annotations?.["pulumi.com/timeoutSeconds"]);
    assert.deepEqual(await timeouts("apps: { pd: {} }\n"), [undefined]);
    assert.deepEqual(await timeouts("apps: { pd: { gpu: { model: Tesla-T4 } } }\n"), ["1800"]);
    const own = `[{ target: { kind: Deployment }, patch: '[{ "op": "add", "path": "/metadata/annotations", "value": { "pulumi.com/timeoutSeconds": "60" } }]' }]`;
    assert.deepEqual(await timeouts(`apps: { pd: { gpu: { model: Tesla-T4 }, patches: ${own} } }\n`), ["60"]);
    const elsewhere = `[{ target: { kind: Deployment }, patch: '[{ "op": "add", "path": "/spec/template/spec/nodeSelector", "value": { "nvidia.com/gpu.present": "true" } }]' }]`;
    assert.deepEqual(await timeouts(`apps: { pd: { patches: ${elsewhere} } }\n`), [undefined]);
    const notes = withManifest("pd", {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "c" },
      data: { "nvidia.com/gpu": "1" },
    });
    assert.deepEqual(await timeouts("apps: { pd: {} }\n", notes), [undefined, undefined]);
  });

  it("tells findings of requests, rendering and checks at once, and plans the rest", async () => {
    const plan = await planOf(
      {
        ...baseOf("pd"),
        ...withManifest("td", { apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "w" } }),
      },
      `${T4}apps: { pd: { gpu: { model: Tesla-T5 } }, td: {}, sd: {} }\n`,
    );
    assert.deepEqual(
      plan.findings.map(({ code, path }) => `${code} ${path}`),
      [
        "GZ201 apps.pd.gpu",
        "GZ101 apps.sd",
        "GZ207 td/Widget.example.com/td/w",
        "GZ215 gpu.driver.repoConfig",
      ],
    );
  });

  it("has the same digest for the same files, and another for another zone's value", async () => {
    const zone = (replicas: number): string => `${UNMANAGED}apps: { pd: { replicas: ${replicas} } }\n`;
    const [a, b, c] = [
      await planOf(baseOf("pd"), zone(1)),
      await planOf(baseOf("pd"), zone(1)),
      await planOf(baseOf("pd"), zone(2)),
    ];
    assert.equal(a.digest, b.digest);
    assert.notEqual(a.digest, c.digest);
  });
});
