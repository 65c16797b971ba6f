import assert from "node:assert/strict";
import fc from "fast-check";
import { operandObjects } from "../../../components/operands/operands.ts";
import { images } from "../../../plan/config/schema/images.ts";
import { mirrorCollisions } from "../../../plan/images/collisions.ts";
import { mirrored } from "../../../plan/images/mirror.ts";
import { objectImages, withImages } from "../../../plan/images/object-images.ts";
import { zoneImages } from "../../../plan/images/zone-images.ts";
import type { KubernetesObject } from "../../../plan/object.ts";
import { planned } from "../../../plan/planned-object.ts";
import { zoneOf } from "../sim/zone-builder.ts";

const MIRROR = "mirror.corp:5000/gpu";
const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

const NAMES: [image: string, below: string][] = [
  ["nvcr.io/nvidia/k8s-device-plugin:v0.20.0", "nvidia/k8s-device-plugin:v0.20.0"],
  ["registry.k8s.io/kubectl:v1.37.2", "kubectl:v1.37.2"],
  ["busybox", "library/busybox"],
  ["busybox:1.37", "library/busybox:1.37"],
  ["docker.io/busybox:1.37", "library/busybox:1.37"],
  ["index.docker.io/library/busybox:1.37", "library/busybox:1.37"],
  ["team/pd:1.14.2", "team/pd:1.14.2"],
  ["localhost/pd:1", "pd:1"],
  ["registry:5000/team/pd", "team/pd"],
  [`nvcr.io/nvidia/driver@${DIGEST}`, `nvidia/driver@${DIGEST}`],
  [`nvcr.io/nvidia/driver:580@${DIGEST}`, `nvidia/driver:580@${DIGEST}`],
];

const part = fc.stringMatching(/^[a-z0-9]{1,6}$/);
const registry = fc.constantFrom(
  "",
  "nvcr.io/",
  "registry.k8s.io/",
  "quay.io:443/",
  "localhost/",
  `${MIRROR}/`,
);
const version = fc.constantFrom("", ":1.2", `@${DIGEST}`, `:1.2@${DIGEST}`);
const image = fc
  .tuple(registry, fc.array(part, { minLength: 1, maxLength: 4 }), version)
  .map(([host, path, end]) => `${host}${path.join("/")}${end}`);
const tagged = image.filter((name) => /@|:[^/]*$/.test(name));

/** A pod that names images in every way that there is. */
const podOf = (images: fc.Arbitrary<string>) =>
  fc.record({
    containers: fc.array(
      fc.record({
        name: part,
        image: images,
        env: fc.array(fc.record({ name: fc.constantFrom("VALIDATOR_IMAGE", "IMAGE"), value: tagged })),
      }),
    ),
    initContainers: fc.array(fc.record({ name: part, image: images })),
    volumes: fc.array(fc.record({ name: part, image: fc.record({ reference: images }) })),
  });

const objectOf = (images: fc.Arbitrary<string>): fc.Arbitrary<KubernetesObject> =>
  podOf(images).chain((spec) =>
    fc.constantFrom<KubernetesObject>(
      { apiVersion: "v1", kind: "Pod", metadata: { name: "x" }, spec },
      { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "x" }, spec: { template: { spec } } },
      {
        apiVersion: "batch/v1",
        kind: "CronJob",
        metadata: { name: "x" },
        spec: { jobTemplate: { spec: { template: { spec } } } },
      },
      {
        apiVersion: "example.com/v1",
        kind: "Thing",
        metadata: { name: "x" },
        spec: { pods: [{ template: { spec } }] },
      },
    ),
  );

describe("an image's name in a mirror", () => {
  for (const [name, below] of NAMES) {
    it(`of ${name} keeps its path, tag and digest`, () => {
      assert.equal(mirrored(name, MIRROR), `${MIRROR}/${below}`);
    });
  }

  it("is below the prefix for every image, and stays when it is mirrored again", () => {
    fc.assert(
      fc.property(image, (name) => {
        const once = mirrored(name, MIRROR);
        assert.ok(once.startsWith(`${MIRROR}/`), once);
        assert.equal(mirrored(once, MIRROR), once);
        assert.ok(name.split("/").at(-1) === once.split("/").at(-1));
      }),
    );
  });
});

describe("the objects of a zone with a mirror", () => {
  const fromMirror = (object: KubernetesObject): KubernetesObject =>
    withImages(object, (name) => mirrored(name, MIRROR));

  it("pull nothing that is not in it, whatever they are and however they name it", () => {
    fc.assert(
      fc.property(objectOf(image), (object) => {
        // Looked for by another way: everything that was an image, wherever it stands, is below the prefix now.
        const names = JSON.stringify(fromMirror(object)).match(/"(image|reference|value)":"[^"]*"/g) ?? [];
        assert.deepEqual(
          names.filter((each) => !each.includes(`:"${MIRROR}/`)),
          [],
        );
      }),
    );
  });

  it("are the same objects in everything else", () => {
    fc.assert(
      fc.property(objectOf(fc.constant(`${MIRROR}/x:1`)), (object) => {
        const before = withImages(object, () => "x:1");
        assert.deepEqual(
          withImages(fromMirror(before), () => "x:1"),
          before,
        );
      }),
    );
  });

  it("name no other registry, operands included", () => {
    const zone = zoneOf({ t4: { product: "Tesla-T4", os: "ubuntu22.04", nodes: ["n1"] } });
    const objects = operandObjects(zone).flatMap(({ objects: all }) => all);
    assert.ok(objects.flatMap(objectImages).length > 3);
    const text = JSON.stringify(objects.map(fromMirror));
    assert.doesNotMatch(text, /nvcr\.io|registry\.k8s\.io|docker\.io|quay\.io|ghcr\.io/);
  });

  it("keep what only looks like an image: a variable that names a picture, an image of a block device", () => {
    const object: KubernetesObject = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "x" },
      spec: {
        containers: [
          {
            name: "x",
            env: [
              { name: "HERO_IMAGE", value: "/static/cat.png" },
              { name: "IMAGES", value: "a:1" },
            ],
          },
        ],
        volumes: [{ name: "x", rbd: { image: "foo" } }],
      },
    };
    assert.deepEqual(fromMirror(object), object);
  });
});

describe("the images of a zone", () => {
  const container = (name: string, env: object[] = []) => ({ name: "x", image: name, env });
  const pod = (name: string, ...containers: object[]): KubernetesObject => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: { containers },
  });
  const objects = [
    planned("pd", pod("a", container("team/pd:1"))),
    planned(
      "operator-validator",
      pod(
        "b",
        container("nvcr.io/nvidia/gpu-operator:v26.7.0", [
          { name: "VALIDATOR_IMAGE", value: "nvcr.io/nvidia/cuda:13" },
        ]),
      ),
    ),
    planned("labeller", pod("c", container("nvcr.io/nvidia/gpu-operator:v26.7.0"))),
  ];

  it("are each told once, with those that operands start themselves and everybody who uses them", () => {
    assert.deepEqual(zoneImages(objects, undefined), [
      { image: "nvcr.io/nvidia/cuda:13", mirrored: null, owners: ["operator-validator"], started: true },
      {
        image: "nvcr.io/nvidia/gpu-operator:v26.7.0",
        mirrored: null,
        owners: ["labeller", "operator-validator"],
        started: false,
      },
      { image: "team/pd:1", mirrored: null, owners: ["pd"], started: false },
    ]);
  });

  it("stand beside their names in the mirror", () => {
    assert.deepEqual(
      zoneImages(objects, MIRROR).map(({ mirrored: name }) => name),
      [`${MIRROR}/nvidia/cuda:13`, `${MIRROR}/nvidia/gpu-operator:v26.7.0`, `${MIRROR}/team/pd:1`],
    );
  });
});

describe("images of two registries in one mirror", () => {
  const zone = zoneOf({ t4: { product: "Tesla-T4", nodes: ["n1"] } });
  const told = (...images: string[]): string[] => {
    const pods = images.map((name, index) => ({
      owner: `app-${index}`,
      object: {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "x" },
        spec: { containers: [{ image: name }] },
      },
    }));
    return mirrorCollisions(zone, zoneImages(pods, MIRROR)).map(({ message }) => message);
  };

  it("are an error that names both, with their owners, where they have one name there", () => {
    assert.deepEqual(told("a.io/team/pd:1", "b.io/team/pd:1", "a.io/team/pd:2"), [
      `wanted images that have each a name of its own in the mirror, got ${MIRROR}/team/pd:1 for a.io/team/pd:1 (of app-0) and b.io/team/pd:1 (of app-1)`,
    ]);
    assert.equal(told("team/pd:1", "quay.io/team/pd:1").length, 1);
  });

  const fine: [what: string, images: string[]][] = [
    ["are of two versions", ["a.io/team/pd:1", "b.io/team/pd:2"]],
    ["are one image that is written in two ways", ["busybox:1", "docker.io/library/busybox:1"]],
    ["have one digest, and so are one image", [`a.io/pd@${DIGEST}`, `b.io/pd@${DIGEST}`]],
    ["are named by their place in the mirror", ["a.io/team/pd:1", `${MIRROR}/team/pd:1`]],
  ];
  for (const [what, images] of fine) {
    it(`are right where they ${what}`, () => {
      assert.deepEqual(told(...images), []);
    });
  }

  it("are right in a zone without a mirror", () => {
    const objects = ["a.io/pd:1", "b.io/pd:1"].map((name) =>
      planned(name, {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "x" },
        spec: { containers: [{ image: name }] },
      }),
    );
    assert.deepEqual(mirrorCollisions(zone, zoneImages(objects, undefined)), []);
  });
});

describe("the prefix of a mirror", () => {
  for (const prefix of [
    "mirror.corp",
    "mirror.corp/gpu",
    "mirror:5000",
    "10.0.0.1:5000/a/b",
    "localhost/x",
  ]) {
    it(`may be ${prefix}`, () => {
      assert.equal(images.safeParse({ mirror: prefix }).success, true);
    });
  }

  for (const prefix of [
    "mirror",
    "team/gpu",
    "https://mirror.corp",
    "mirror.corp/",
    "mirror.corp/Gpu",
    "mirror.corp/x:1",
    "",
  ]) {
    it(`is refused when it is ${prefix === "" ? "empty" : prefix}`, () => {
      assert.equal(images.safeParse({ mirror: prefix }).success, false);
    });
  }
});
