import assert from "node:assert/strict";
import type { V1Container, V1PodSpec } from "@kubernetes/client-node";
import type { KubernetesObject } from "../../../plan/object.ts";
import { podTemplate } from "../../../plan/workload.ts";
import type { GpuTarget } from "../../../plan/render/gpu-target.ts";
import { baseOf, deployment, renderTree, type Files } from "./tree.ts";
import { LIMIT_MS } from "./kustomize-path.ts";
import { zoneOf } from "./zone-text.ts";

/** Renders the app `pd` with these keys in the zone. */
async function render(files: Files, keys: string, gpu?: GpuTarget): Promise<readonly KubernetesObject[]> {
  const { apps, problems } = await renderTree(files, zoneOf(`apps:\n  pd: ${keys}\n`), {
    gpu: gpu ? { pd: gpu } : {},
  });
  assert.deepEqual(problems, []);
  return apps[0]!.objects;
}

function podOf(objects: readonly KubernetesObject[], kind = "Deployment"): V1PodSpec {
  return podTemplate(objects.find((object) => object.kind === kind)!)!.spec!;
}

function withContainers(containers: string, more = ""): Files {
  return { ...baseOf("pd"), "apps/pd/base/deployment.yaml": deployment("pd", containers, more) };
}

const main = (lines: string): Files =>
  withContainers(
    `\n        - name: main\n          image: pd:1.0.0\n${lines.replaceAll(/^/gm, "          ")}\n`,
  );

describe("replicas", function () {
  this.timeout(LIMIT_MS);
  it("are set on the target, zero included", async () => {
    const [object] = await render(baseOf("pd"), "{ replicas: 0 }");
    assert.equal((object?.["spec"] as { replicas: number }).replicas, 0);
  });

  it("leave a StatefulSet alone that only shares the Deployment's name", async () => {
    const files = {
      ...baseOf("pd"),
      "apps/pd/base/kustomization.yaml": "resources: [deployment.yaml, set.yaml]\n",
      "apps/pd/base/set.yaml": deployment("pd", " [{ name: db, image: db:1 }]").replace(
        "kind: Deployment",
        "kind: StatefulSet",
      ),
    };
    const objects = await render(files, "{ replicas: 7, workload: Deployment/pd }");
    assert.deepEqual(
      objects.map(({ kind, spec }) => [kind, (spec as { replicas?: number }).replicas]),
      [
        ["Deployment", 7],
        ["StatefulSet", undefined],
      ],
    );
  });
});

describe("image", function () {
  this.timeout(LIMIT_MS);
  const forms: [image: string, becomes: string][] = [
    ["1.14.2", "pd:1.14.2"],
    ["v2", "pd:v2"],
    ["2020-01-01", "pd:2020-01-01"],
    ["1_000", "pd:1_000"],
    ["pd:1.14.2", "pd:1.14.2"],
    ["registry.example:5000/team/pd:2", "registry.example:5000/team/pd:2"],
    ["registry.example/team/pd", "registry.example/team/pd:1.0.0"],
    [`sha256:${"ab".repeat(32)}`, `pd@sha256:${"ab".repeat(32)}`],
    [`team/pd@sha256:${"ab".repeat(32)}`, `team/pd@sha256:${"ab".repeat(32)}`],
  ];
  const sidecar =
    "\n        - { name: main, image: pd:1.0.0, ports: [{ containerPort: 80 }] }\n        - { name: side, image: pd:1.0.0 }\n";
  for (const [image, becomes] of forms) {
    it(`${image} makes ${becomes}`, async () => {
      assert.equal(podOf(await render(baseOf("pd"), `{ image: "${image}" }`)).containers[0]?.image, becomes);
    });

    it(`${image} makes ${becomes} of the target and leaves a sidecar of the same image alone`, async () => {
      assert.deepEqual(
        podOf(await render(withContainers(sidecar), `{ image: "${image}" }`)).containers.map(
          (each) => each.image,
        ),
        [becomes, "pd:1.0.0"],
      );
    });
  }

  it("leaves an image alone that only kustomize's pattern of names would match", async () => {
    const files = withContainers(
      "\n        - { name: main, image: a.b/pd:1, ports: [{ containerPort: 80 }] }\n        - { name: side, image: a-b/pd:1 }\n",
    );
    assert.deepEqual(
      podOf(await render(files, "{ image: '2' }")).containers.map(({ image }) => image),
      ["a.b/pd:2", "a-b/pd:1"],
    );
  });
});

describe("gpu", function () {
  this.timeout(LIMIT_MS);
  const gpu = { resource: "nvidia.com/mig-1g.5gb", count: 2 };

  it("replaces every nvidia.com limit and request of the container and keeps the others", async () => {
    const files = main(`resources:
  limits: { nvidia.com/gpu: 1, nvidia.com/mig-2g.10gb: 1, memory: 1Gi }
  requests: { nvidia.com/gpu: 1, cpu: 500m }`);
    assert.deepEqual(podOf(await render(files, "{}", gpu)).containers[0]?.resources, {
      limits: { memory: "1Gi", "nvidia.com/mig-1g.5gb": 2 },
      requests: { cpu: "500m" },
    });
  });

  it("leaves no empty requests behind", async () => {
    const files = main("resources: { requests: { nvidia.com/gpu: 1 } }");
    assert.deepEqual(podOf(await render(files, "{}", gpu)).containers[0]?.resources, {
      limits: { "nvidia.com/mig-1g.5gb": 2 },
    });
  });

  it("takes resources that the base leaves empty", async () => {
    const files = main("resources:\n  limits:\nenv:");
    assert.deepEqual(podOf(await render(files, "{ env: { A: b } }", gpu)).containers[0], {
      name: "main",
      image: "pd:1.0.0",
      env: [{ name: "A", value: "b" }],
      resources: { limits: { "nvidia.com/mig-1g.5gb": 2 } },
    });
  });

  it("adds to the base's node selector", async () => {
    const files = withContainers(
      "\n        - { name: main, image: pd:1 }\n",
      "nodeSelector: { disk: ssd, nvidia.com/gpu.product: Old }",
    );
    const selector = { "nvidia.com/gpu.product": "Tesla-T4" };
    assert.deepEqual(podOf(await render(files, "{}", { ...gpu, nodeSelector: selector })).nodeSelector, {
      disk: "ssd",
      "nvidia.com/gpu.product": "Tesla-T4",
    });
  });

  it("requires one of several products in every alternative that the base has, in place of the base's product", async () => {
    const files = withContainers(
      "\n        - { name: main, image: pd:1 }\n",
      `nodeSelector: { nvidia.com/gpu.product: Old }
      affinity:
        podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] }
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms:
              - matchExpressions: [{ key: rack, operator: In, values: [a] }, { key: nvidia.com/gpu.product, operator: In, values: [Old] }]
              - matchFields: [{ key: metadata.name, operator: In, values: [n1] }]`,
    );
    const pod = podOf(await render(files, "{}", { ...gpu, productLabels: ["Tesla-T4", "Tesla-T4-SHARED"] }));
    const product = {
      key: "nvidia.com/gpu.product",
      operator: "In",
      values: ["Tesla-T4", "Tesla-T4-SHARED"],
    };
    assert.deepEqual(pod.nodeSelector, {});
    assert.deepEqual(pod.affinity, {
      podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] },
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: "rack", operator: "In", values: ["a"] }, product] },
            {
              matchExpressions: [product],
              matchFields: [{ key: "metadata.name", operator: "In", values: ["n1"] }],
            },
          ],
        },
      },
    });
  });

  it("reaches the pods of a CronJob", async () => {
    const files = {
      "apps/pd/base/kustomization.yaml": "resources: [job.yaml]\n",
      "apps/pd/base/job.yaml": `apiVersion: batch/v1
kind: CronJob
metadata: { name: pd }
spec:
  schedule: "0 3 * * *"
  jobTemplate: { spec: { template: { spec: { restartPolicy: Never, containers: [{ name: main, image: pd:1 }] } } } }
`,
    };
    const pod = podOf(await render(files, "{ image: '2' }", { ...gpu, nodeSelector: { a: "b" } }), "CronJob");
    assert.deepEqual(pod.nodeSelector, { a: "b" });
    assert.deepEqual(pod.containers[0], {
      name: "main",
      image: "pd:2",
      resources: { limits: { "nvidia.com/mig-1g.5gb": 2 } },
    });
  });
});

describe("a GPU Deployment without a strategy", function () {
  this.timeout(LIMIT_MS);
  const gpu = { resource: "nvidia.com/gpu", count: 1 };
  const strategyOf = (objects: readonly KubernetesObject[]): unknown =>
    (objects.find(({ kind }) => kind === "Deployment")?.["spec"] as { strategy?: unknown }).strategy;
  const rolling = { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } };

  it("is recreated when it has one replica, also where none are written", async () => {
    assert.deepEqual(strategyOf(await render(baseOf("pd"), "{ replicas: 1 }", gpu)), { type: "Recreate" });
    assert.deepEqual(strategyOf(await render(baseOf("pd"), "{}", gpu)), { type: "Recreate" });
  });

  it("rolls without a pod more than it has when it has several, after the zone's number", async () => {
    assert.deepEqual(strategyOf(await render(baseOf("pd"), "{ replicas: 2 }", gpu)), rolling);
  });

  it("gets one for the GPU that its files ask for, with nothing in the zone", async () => {
    const files = main("resources: { limits: { nvidia.com/gpu: 1 } }");
    assert.deepEqual(strategyOf(await render(files, "{}")), { type: "Recreate" });
  });

  it("rolls when an autoscaler decides how many there are", async () => {
    const files = {
      ...baseOf("pd"),
      "apps/pd/base/kustomization.yaml": "resources: [deployment.yaml, scaler.yaml]\n",
      "apps/pd/base/scaler.yaml":
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: { name: pd }\nspec: { maxReplicas: 5, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: pd } }\n",
    };
    assert.deepEqual(strategyOf(await render(files, "{}", gpu)), rolling);
  });

  it("keeps the strategy that a patch of the zone gives it", async () => {
    const patches = `[{ patch: '[{"op": "add", "path": "/spec/strategy", "value": {"type": "RollingUpdate"}}]', target: { kind: Deployment } }]`;
    assert.deepEqual(strategyOf(await render(baseOf("pd"), `{ patches: ${patches} }`, gpu)), {
      type: "RollingUpdate",
    });
  });

  it("is left alone when it has a strategy, or no GPU", async () => {
    assert.equal(strategyOf(await render(baseOf("pd"), "{ replicas: 2 }")), undefined);
    const files = {
      ...baseOf("pd"),
      "apps/pd/base/deployment.yaml": `${deployment("pd", " [{ name: main, image: pd:1 }]")}  strategy: { type: RollingUpdate }\n`,
    };
    assert.deepEqual(strategyOf(await render(files, "{}", gpu)), { type: "RollingUpdate" });
  });
});

describe("env", function () {
  this.timeout(LIMIT_MS);
  it("adds and replaces by name, as text", async () => {
    const files = main(
      "env: [{ name: A, value: a }, { name: B, valueFrom: { fieldRef: { fieldPath: status.podIP } } }, { name: C, value: $(B) }]",
    );
    assert.deepEqual(
      podOf(await render(files, "{ env: { B: 8080, D: true, E: 'x/~y' } }")).containers[0]?.env,
      [
        { name: "A", value: "a" },
        { name: "B", value: "8080" },
        { name: "C", value: "$(B)" },
        { name: "D", value: "true" },
        { name: "E", value: "x/~y" },
      ],
    );
  });
});

describe("resources", function () {
  this.timeout(LIMIT_MS);
  const resourcesOf = async (keys: string, built = ""): Promise<V1Container["resources"]> =>
    podOf(await render(main(built), `{ resources: ${keys} }`)).containers[0]?.resources;

  it("ask for what they allow", async () => {
    assert.deepEqual(await resourcesOf("{ cpu: 0.5, memory: 2Gi }"), {
      limits: { cpu: 0.5, memory: "2Gi" },
      requests: { cpu: 0.5, memory: "2Gi" },
    });
  });

  it("yield to requests and limits, and keep what nobody names", async () => {
    const built =
      "resources: { limits: { nvidia.com/gpu: 1, cpu: 9 }, requests: { ephemeral-storage: 1Gi } }";
    assert.deepEqual(await resourcesOf("{ cpu: 2, requests: { cpu: 1 }, limits: { memory: 1Gi } }", built), {
      limits: { "nvidia.com/gpu": 1, cpu: 2, memory: "1Gi" },
      requests: { "ephemeral-storage": "1Gi", cpu: 1 },
    });
  });
});

describe("patches", function () {
  this.timeout(LIMIT_MS);
  it("come after everything else in the zone", async () => {
    const keys = `
    replicas: 2
    image: "2"
    patches:
      - patch: '[{ "op": "replace", "path": "/spec/replicas", "value": 3 }, { "op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "pd:3" }]'
        target: { kind: Deployment }`;
    const objects = await render(baseOf("pd"), keys);
    assert.equal((objects[0]?.["spec"] as { replicas: number }).replicas, 3);
    assert.equal(podOf(objects).containers[0]?.image, "pd:3");
  });

  it("reach a generated ConfigMap by its own name, and its hash changes in the pods too", async () => {
    const files = {
      ...main(
        "envFrom: [{ configMapRef: { name: cfg } }]\nenv: [{ name: X, valueFrom: { configMapKeyRef: { name: cfg, key: A } } }]",
      ),
      "apps/pd/base/kustomization.yaml":
        "resources: [deployment.yaml]\nconfigMapGenerator: [{ name: cfg, literals: [A=1] }]\n",
    };
    const patch = "{ patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: cfg}, data: {A: \"2\"}}' }";
    const objects = await render(files, `{ env: { B: c }, patches: [${patch}] }`);
    const configMap = objects.find(({ kind }) => kind === "ConfigMap");
    assert.deepEqual(configMap?.["data"], { A: "2" });
    const [container] = podOf(objects).containers;
    assert.equal(container?.envFrom?.[0]?.configMapRef?.name, configMap.metadata.name);
    assert.deepEqual(container.env, [
      { name: "X", valueFrom: { configMapKeyRef: { name: configMap.metadata.name, key: "A" } } },
      { name: "B", value: "c" },
    ]);
    const [, before] = await render(files, "{}");
    assert.notEqual(configMap.metadata.name, before?.metadata.name);
  });

  it("may stand in a file of the app", async () => {
    const files = {
      ...baseOf("pd"),
      "apps/pd/zones/small.yaml": "- { op: add, path: /spec/replicas, value: 5 }\n",
    };
    const objects = await render(
      files,
      "{ patches: [{ path: zones/small.yaml, target: { kind: Deployment } }] }",
    );
    assert.equal((objects[0]?.["spec"] as { replicas: number }).replicas, 5);
  });

  for (const [path, code] of [
    ["../other/p.yaml", "GZ102"],
    ["/etc/passwd", "GZ102"],
    ["https://example.com/p.yaml", "GZ102"],
    ["absent.yaml", "GZ103"],
  ]) {
    it(`in the file ${path ?? ""} are refused with ${code ?? ""} at their line`, async () => {
      const files = { ...baseOf("pd"), "apps/other/p.yaml": "" };
      const { problems } = await renderTree(
        files,
        zoneOf(`apps:\n  pd:\n    patches:\n      - path: ${path ?? ""}\n`),
      );
      assert.deepEqual(
        problems.map((problem) => [problem.code, problem.path, problem.line]),
        [[code, "apps.pd.patches.0.path", 4]],
      );
    });
  }

  it("that kustomize refuses are told at the zone's line, for the app that has them", async () => {
    const { apps, problems } = await renderTree(
      { ...baseOf("pd"), ...baseOf("ok") },
      zoneOf(
        `apps:\n  ok: { replicas: 2 }\n  pd:\n    patches:\n      - { patch: '[{"op": "remove", "path": "/spec/absent"}]', target: { kind: Deployment } }\n`,
      ),
    );
    assert.deepEqual(
      apps.map(({ app }) => app),
      ["ok"],
    );
    assert.deepEqual(
      problems.map(({ code, path, line }) => [code, path, line]),
      [["GZ103", "apps.pd.patches", 4]],
    );
    assert.match(problems[0]!.message, /unable to remove nonexistent key: absent/i);
  });
});
