import assert from "node:assert/strict";
import type { V1Container } from "@kubernetes/client-node";
import type { KubernetesObject } from "../../../plan/object.ts";
import { LIMIT_MS } from "./kustomize-path.ts";
import { main, podOf, render, withContainers } from "./one-app.ts";
import { baseOf, deployment, renderTree, type Files } from "./tree.ts";
import { zoneOf } from "./zone-text.ts";

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
    [`team/pd:2@sha256:${"ab".repeat(32)}`, `team/pd:2@sha256:${"ab".repeat(32)}`],
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

  const digest = "ab".repeat(32);
  for (const [image, fault] of [
    [`1.2@sha256:${digest}`, "a version without a name"],
    ["pd:", "which has an empty tag"],
    [":2", "which has no name before its tag"],
    ["pd: 2", "which has a space in it"],
    ["-x", "whose tag -x no registry takes"],
    ["Team/PD:2", "whose name Team/PD no registry takes"],
    ["sha256:abc", "whose digest is not sha256: and 64 hexadecimal digits"],
    ["pd@sha1:abc", "whose digest is not sha256: and 64 hexadecimal digits"],
  ]) {
    it(`${image ?? ""} is refused at its line`, async () => {
      const { problems } = await renderTree(
        baseOf("pd"),
        zoneOf(`apps:\n  pd:\n    image: "${image ?? ""}"\n`),
      );
      assert.deepEqual(
        problems.map(({ code, path, line, message }) => `${code} ${path} ${line} ${message}`),
        [
          `GZ003 apps.pd.image 3 wanted a tag, a digest or the full name of an image, got ${image ?? ""}, ${fault ?? ""}`,
        ],
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
    assert.equal(pod.nodeSelector, undefined);
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

  const asked = (terms: string): Files =>
    withContainers(
      "\n        - { name: main, image: pd:1 }\n",
      `nodeSelector: { disk: ssd, nvidia.com/gpu.product: Old }
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: ${terms} } } }`,
    );
  const OLD = "{ key: nvidia.com/gpu.product, operator: In, values: [Old] }";
  const RACK = "{ key: rack, operator: In, values: [a] }";

  it("takes the base's product out where a resource says enough, and keeps what else is asked", async () => {
    const pod = podOf(
      await render(
        asked(`[{ matchExpressions: [${OLD}, ${RACK}] }, { matchExpressions: [${RACK}] }]`),
        "{}",
        gpu,
      ),
    );
    const term = { matchExpressions: [{ key: "rack", operator: "In", values: ["a"] }] };
    assert.deepEqual(pod.nodeSelector, { disk: "ssd" });
    assert.deepEqual(
      pod.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms,
      [term, term],
    );
  });

  it("asks for nothing where an alternative asked for the product alone, and leaves no term that matches nothing", async () => {
    const pod = podOf(
      await render(asked(`[{ matchExpressions: [${OLD}] }, { matchExpressions: [${RACK}] }]`), "{}", gpu),
    );
    assert.equal(pod.affinity, undefined);
  });

  it("puts its own label in place of the base's required one", async () => {
    const selector = { "nvidia.com/gpu.product": "Tesla-T4" };
    const pod = podOf(
      await render(asked(`[{ matchExpressions: [${OLD}] }]`), "{}", { ...gpu, nodeSelector: selector }),
    );
    assert.deepEqual(pod.nodeSelector, { disk: "ssd", ...selector });
    assert.equal(pod.affinity, undefined);
  });

  it("warns of what keeps a GPU beside the target, which it leaves as it is", async () => {
    const limits = "resources: { limits: { nvidia.com/gpu: 1 } }";
    const files = withContainers(
      `\n        - { name: main, image: pd:1, ports: [{ containerPort: 80 }], ${limits} }\n        - { name: side, image: s:1 }\n`,
      `initContainers: [{ name: warm, image: w:1, ${limits} }]`,
    );
    const { apps, problems } = await renderTree(files, zoneOf("apps:\n  pd: { container: main }\n"), {
      gpu: { pd: gpu },
    });
    assert.deepEqual(
      problems.map(({ code, severity, path, message }) => [code, severity, path, message]),
      [
        [
          "GZ104",
          "warning",
          "apps.pd.gpu",
          "wanted one container with a GPU, got warm of Deployment/pd beside main: gpu leaves them as they are",
        ],
      ],
    );
    assert.equal(apps.length, 1);
  });

  it("of an app that is named like something every object has is its own", async () => {
    const { apps, problems } = await renderTree(baseOf("constructor"), zoneOf("apps:\n  constructor: {}\n"));
    assert.deepEqual(problems, []);
    assert.equal(podOf(apps[0]!.objects).containers[0]?.resources, undefined);
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

  for (const empty of ["", " {}", " null"]) {
    it(`gets one where its files have none in "strategy:${empty}"`, async () => {
      const files = {
        ...baseOf("pd"),
        "apps/pd/base/deployment.yaml": `${deployment("pd", " [{ name: main, image: pd:1 }]")}  strategy:${empty}\n`,
      };
      assert.deepEqual(strategyOf(await render(files, "{}", gpu)), { type: "Recreate" });
    });
  }
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
