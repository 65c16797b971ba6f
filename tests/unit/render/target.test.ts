import assert from "node:assert/strict";
import { parse } from "yaml";
import type { KubernetesObject } from "../../../plan/object.ts";
import { findTarget } from "../../../plan/render/target.ts";
import { place } from "../../../plan/config/problem.ts";
import { baseOf, deployment, renderTree } from "./tree.ts";
import { LIMIT_MS } from "./kustomize-path.ts";
import { zoneOf } from "./zone-text.ts";

function workload(kind: string, name: string, containers = " [{ name: main }]"): KubernetesObject {
  return parse(deployment(name, containers).replace("kind: Deployment", `kind: ${kind}`)) as KubernetesObject;
}

function found(
  objects: KubernetesObject[],
  settings: { workload?: string; container?: string } = {},
  base?: string[],
): string {
  const target = findTarget(objects, "pd", settings, base);
  return "message" in target
    ? target.message
    : `${target.workload.kind}/${target.workload.metadata.name} ${target.container.name}`;
}

describe("the target of an app's keys", function () {
  this.timeout(LIMIT_MS);
  const cases: [title: string, expected: string, actual: () => string][] = [
    [
      "is the workload named as the app",
      "Deployment/pd main",
      () => found([workload("Deployment", "a"), workload("Deployment", "pd")]),
    ],
    [
      "is the only workload, whatever its name",
      "StatefulSet/x main",
      () => found([workload("StatefulSet", "x")]),
    ],
    [
      "is not guessed among several",
      "wanted one named pd, or only one, got Deployment/a, Job/b",
      () => found([workload("Deployment", "a"), workload("Job", "b")]),
    ],
    [
      "is not guessed among two of the app's name",
      "wanted one named pd, or only one, got Deployment/pd, DaemonSet/pd",
      () => found([workload("Deployment", "pd"), workload("DaemonSet", "pd"), workload("Job", "x")]),
    ],
    [
      "is the workload that the zone names",
      "Job/b main",
      () => found([workload("Deployment", "pd"), workload("Job", "b")], { workload: "b" }),
    ],
    [
      "is told by kind where names are equal",
      "DaemonSet/pd main",
      () => found([workload("Deployment", "pd"), workload("DaemonSet", "pd")], { workload: "DaemonSet/pd" }),
    ],
    ["is missing where there is no workload", "wanted one named pd, or only one, got none", () => found([])],
    [
      "is missing where the zone names what is not there, and the others are listed",
      "wanted the workload c, got Deployment/pd",
      () => found([workload("Deployment", "pd")], { workload: "c" }),
    ],
    [
      "is the container that asks for a GPU, by limit or request",
      "Deployment/pd b",
      () =>
        found([
          workload(
            "Deployment",
            "pd",
            " [{ name: a, ports: [{ containerPort: 1 }] }, { name: b, resources: { requests: { nvidia.com/gpu: 1 } } }]",
          ),
        ]),
    ],
    [
      "is not guessed among containers that ask for GPUs",
      "wanted one container that asks for a GPU in Deployment/pd, got a, b",
      () =>
        found([
          workload(
            "Deployment",
            "pd",
            " [{ name: a, resources: { limits: { nvidia.com/gpu: 1 } } }, { name: b, resources: { limits: { nvidia.com/mig-1g.5gb: 1 } } }]",
          ),
        ]),
    ],
    [
      "is else the container with a port",
      "Deployment/pd b",
      () =>
        found([workload("Deployment", "pd", " [{ name: a }, { name: b, ports: [{ containerPort: 1 }] }]")]),
    ],
    [
      "is not guessed among containers with ports",
      "wanted one container with a port in Deployment/pd, got a, b",
      () =>
        found([
          workload(
            "Deployment",
            "pd",
            " [{ name: a, ports: [{ containerPort: 2 }] }, { name: b, ports: [{ containerPort: 1 }] }]",
          ),
        ]),
    ],
    [
      "is else the first that the base has, wherever it stands now",
      "Deployment/pd own",
      () =>
        found([workload("Deployment", "pd", " [{ name: sidecar }, { name: own }, { name: other }]")], {}, [
          "gone",
          "own",
          "other",
        ]),
    ],
    [
      "is the container that the zone names",
      "Deployment/pd a",
      () =>
        found([workload("Deployment", "pd", " [{ name: a }, { name: b, ports: [{ containerPort: 1 }] }]")], {
          container: "a",
        }),
    ],
    [
      "is missing where the zone names a container that is not there, and the others are listed",
      "wanted the container c in Deployment/pd, got a, b",
      () => found([workload("Deployment", "pd", " [{ name: a }, { name: b }]")], { container: "c" }),
    ],
    [
      "is missing where the pod has no containers",
      "wanted a container in Deployment/pd, got none",
      () => found([workload("Deployment", "pd", " []")]),
    ],
  ];
  for (const [title, expected, actual] of cases) {
    it(title, () => {
      assert.equal(actual(), expected);
    });
  }
});

describe("a target that cannot be found", function () {
  this.timeout(LIMIT_MS);
  const two = {
    "apps/pd/base/kustomization.yaml": "resources: [a.yaml, b.yaml]\n",
    "apps/pd/base/a.yaml": deployment("a", " [{ name: main, image: a:1 }]"),
    "apps/pd/base/b.yaml": deployment("b", " [{ name: main, image: b:1 }]"),
  };

  it("is a problem at the line of the key that needs it", async () => {
    const { apps, problems } = await renderTree(two, zoneOf("apps:\n  pd:\n    replicas: 2\n"));
    assert.deepEqual(apps, []);
    assert.deepEqual(
      problems.map((problem) => [problem.code, problem.path, place(problem), problem.message]),
      [
        [
          "GZ104",
          "apps.pd.replicas",
          "Pulumi.zone-x.yaml:3",
          "wanted one named pd, or only one, got Deployment/a, Deployment/b",
        ],
      ],
    );
  });

  it("is no problem as long as no key needs it", async () => {
    const { apps, problems } = await renderTree(two, zoneOf("apps:\n  pd: {}\n"));
    assert.deepEqual(problems, []);
    assert.equal(apps[0]?.objects.length, 2);
    assert.equal(apps[0].workload, undefined);
  });

  it("is a problem where it is named, whether or not another key acts on it", async () => {
    for (const key of ["workload", "container"]) {
      const { problems } = await renderTree(baseOf("pd"), zoneOf(`apps:\n  pd:\n    ${key}: nope\n`));
      assert.deepEqual(
        problems.map(({ code, path, line }) => `${code} ${path} ${line}`),
        [`GZ104 apps.pd.${key} 3`],
      );
    }
  });

  it("is a problem when a tag is given for a container without an image", async () => {
    const files = { ...baseOf("pd"), "apps/pd/base/deployment.yaml": deployment("pd", " [{ name: main }]") };
    const { problems } = await renderTree(files, zoneOf("apps:\n  pd: { image: '2' }\n"));
    assert.deepEqual(
      problems.map(({ code, path }) => `${code} ${path}`),
      ["GZ104 apps.pd.image"],
    );
    const full = await renderTree(files, zoneOf("apps:\n  pd: { image: 'pd:2' }\n"));
    assert.deepEqual(full.problems, []);
    assert.match(JSON.stringify(full.apps), /"image":"pd:2"/);
  });

  it("is a problem when replicas are asked of a DaemonSet", async () => {
    const files = {
      ...baseOf("pd"),
      "apps/pd/base/deployment.yaml": deployment("pd", " [{ name: main, image: a:1 }]").replace(
        "Deployment",
        "DaemonSet",
      ),
    };
    const { problems } = await renderTree(files, zoneOf("apps:\n  pd: { replicas: 2 }\n"));
    assert.deepEqual(
      problems.map(({ code, message }) => [code, message]),
      [["GZ104", "wanted a workload with a number of replicas, got DaemonSet/pd"]],
    );
  });
});

describe("a sidecar that a component adds", function () {
  this.timeout(LIMIT_MS);
  it("does not become the target, although kustomize puts it first", async () => {
    const files = {
      "apps/pd/base/kustomization.yaml": "resources: [deployment.yaml]\n",
      "apps/pd/base/deployment.yaml": deployment("pd", " [{ name: own, image: own:1 }]"),
      "apps/pd/components/proxy/kustomization.yaml":
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n  - patch: |\n      apiVersion: apps/v1\n      kind: Deployment\n      metadata: { name: pd }\n      spec: { template: { spec: { containers: [{ name: proxy, image: proxy:1 }] } } }\n",
    };
    const { apps, problems } = await renderTree(
      files,
      zoneOf("apps:\n  pd: { components: [proxy], image: '2' }\n"),
    );
    assert.deepEqual(problems, []);
    assert.equal(apps[0]?.workload?.container, "own");
    const { containers } = (
      apps[0].objects[0]?.["spec"] as {
        template: { spec: { containers: { name: string; image: string }[] } };
      }
    ).template.spec;
    assert.deepEqual(
      containers.map(({ image }) => image),
      ["proxy:1", "own:2"],
    );
  });
});
