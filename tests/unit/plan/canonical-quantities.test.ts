import assert from "node:assert/strict";
import { withCanonicalQuantities } from "../../../plan/canonical-quantities.ts";
import type { KubernetesObject } from "../../../plan/object.ts";

const object = (apiVersion: string, kind: string, more: object): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name: "x" },
  ...more,
});

const container = (one: unknown, thousand: unknown, half: unknown): object => ({
  name: "c",
  env: [
    { name: "A", valueFrom: { resourceFieldRef: { resource: "limits.cpu", divisor: one } } },
    { name: "B" },
  ],
  resources: { limits: { "nvidia.com/gpu": one, memory: thousand }, requests: { cpu: half } },
});

/** A pod spec with a quantity wherever one can stand. */
const pod = (one: unknown, thousand: unknown, half: unknown): object => ({
  containers: [container(one, thousand, half), { name: "bare" }],
  initContainers: [container(one, thousand, half)],
  ephemeralContainers: [container(one, thousand, half)],
  resources: { limits: { cpu: half } },
  overhead: { cpu: half },
  nodeSelector: { "nvidia.com/gpu.count": "1000m" },
  volumes: [
    { name: "a", emptyDir: { medium: "Memory", sizeLimit: thousand } },
    { name: "b", emptyDir: {} },
    {
      name: "c",
      ephemeral: { volumeClaimTemplate: { spec: { resources: { requests: { storage: thousand } } } } },
    },
    { name: "d", downwardAPI: { items: [{ path: "p", resourceFieldRef: { divisor: one } }] } },
    {
      name: "e",
      projected: {
        sources: [{ downwardAPI: { items: [{ path: "p", resourceFieldRef: { divisor: one } }] } }],
      },
    },
  ],
});

/** Objects by what their quantities are: one, a thousand binary millions, a half. */
const OBJECTS: ((one: unknown, thousand: unknown, half: unknown) => KubernetesObject)[] = [
  (...q) => object("v1", "Pod", { spec: pod(...q) }),
  (...q) => object("apps/v1", "Deployment", { spec: { replicas: 3, template: { spec: pod(...q) } } }),
  (...q) => object("apps/v1", "DaemonSet", { spec: { template: { spec: pod(...q) } } }),
  (...q) => object("batch/v1", "Job", { spec: { template: { spec: pod(...q) } } }),
  (...q) =>
    object("batch/v1", "CronJob", { spec: { jobTemplate: { spec: { template: { spec: pod(...q) } } } } }),
  (...q) =>
    object("apps/v1", "StatefulSet", {
      spec: {
        template: { spec: pod(...q) },
        volumeClaimTemplates: [{ spec: { resources: { requests: { storage: q[1] } } } }],
      },
    }),
  (_, thousand) =>
    object("v1", "PersistentVolumeClaim", { spec: { resources: { requests: { storage: thousand } } } }),
  (_, thousand) => object("v1", "PersistentVolume", { spec: { capacity: { storage: thousand } } }),
  (one, thousand) =>
    object("v1", "ResourceQuota", { spec: { hard: { "requests.nvidia.com/gpu": one, memory: thousand } } }),
  (one, thousand, half) =>
    object("v1", "LimitRange", {
      spec: {
        limits: [{ type: "Container", max: { memory: thousand }, default: { cpu: half }, min: { cpu: one } }],
      },
    }),
  (_, thousand, half) =>
    object("node.k8s.io/v1", "RuntimeClass", { overhead: { podFixed: { cpu: half, memory: thousand } } }),
  (one) =>
    object("autoscaling/v2", "HorizontalPodAutoscaler", {
      spec: { maxReplicas: 5, metrics: [{ type: "Pods", pods: { target: { averageValue: one } } }] },
    }),
];

describe("the quantities of an object", () => {
  for (const make of OBJECTS) {
    it(`of kind ${make(1, 1, 1).kind} become what the API server stores, and nothing else changes`, () => {
      assert.deepEqual(withCanonicalQuantities(make(1, "1024Mi", 0.5)), make("1", "1Gi", "500m"));
    });
  }

  it("are looked for in no text, no custom resource and no object that lacks what its kind has", () => {
    for (const untouched of [
      object("v1", "ConfigMap", { data: { "spec.hard.cpu": "1000m", sizeLimit: "1024" } }),
      object("example.com/v1", "Deployment", { spec: { template: { spec: pod(1, 1, 1) } } }),
      object("apps/v1", "Deployment", {}),
      object("apps/v1", "Deployment", { spec: { template: { spec: { containers: null, volumes: "x" } } } }),
      object("v1", "ResourceQuota", { spec: { hard: { cpu: "many" } } }),
    ])
      assert.deepEqual(withCanonicalQuantities(untouched), untouched);
  });
});
