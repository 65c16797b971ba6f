import assert from "node:assert/strict";
import type { V1DaemonSet, V1PodSpec } from "@kubernetes/client-node";
import fc from "fast-check";
import { stringify } from "yaml";
import { driver } from "../../../components/operands/driver.ts";
import { envOf, objectsOf } from "./operand-objects.ts";

/** What a zone says of the driver of its pool `a`, and of other things. */
interface Words {
  readonly pool: Readonly<Record<string, unknown>>;
  readonly others: Readonly<Record<string, unknown>>;
  readonly gpu: Readonly<Record<string, unknown>>;
  readonly driver: Readonly<Record<string, unknown>>;
}

const NOTHING: Words = { pool: {}, others: {}, gpu: {}, driver: {} };
const BOARD = { product: "NVIDIA-A100-PCIE-40GB", gpusPerNode: 1, os: "ubuntu22.04", nodes: ["a"] };

/** The digest on pool `a`'s driver: what driver-manager and the driver compare. */
function digest(words: Partial<Words>): string {
  const { pool, others, gpu, driver: own } = { ...NOTHING, ...words };
  const zone = stringify({
    nodePools: { a: { ...BOARD, ...pool }, ...others },
    gpu: { ...gpu, driver: own },
  });
  const [first] = objectsOf(driver, zone).filter(
    ({ kind }) => kind === "DaemonSet",
  ) as unknown as V1DaemonSet[];
  const spec = first?.spec?.template.spec as V1PodSpec;
  const [inManager, inDriver] = ["k8s-driver-manager", "nvidia-driver-ctr"].map(
    (name) => envOf(spec, name)["DRIVER_CONFIG_DIGEST"],
  );
  assert.equal(inManager, inDriver);
  return inDriver ?? "";
}

const tolerations = [{ key: "own", operator: "Exists" }];

/** Changes after which the very same driver runs. */
const irrelevant = fc.record({
  pool: fc.record(
    {
      nodes: fc.constant(["a", "a-2"]),
      cpu: fc.integer({ min: 1, max: 99 }),
      taints: fc.constant([{ key: "t", effect: "NoSchedule" }]),
      labels: fc.constant({ rack: "r" }),
      mig: fc.constant("all-1g.5gb"),
      sharing: fc.constant({ timeSlicing: 2 }),
      kernel: fc.constant("5.15.0-118-generic"),
      runtime: fc.constantFrom("containerd@1.7", "containerd@2.1", "crio@1.34"),
    },
    { requiredKeys: [] },
  ),
  others: fc.record(
    {
      b: fc.constant({ ...BOARD, nodes: ["b"], driver: { version: "595.91.07" } }),
      c: fc.constant({ ...BOARD, nodes: ["c"], os: "rhel9", taints: [{ key: "c", effect: "NoExecute" }] }),
    },
    { requiredKeys: [] },
  ),
  gpu: fc.record(
    {
      daemonsets: fc.constant({ priorityClassName: "p", tolerations }),
      devicePlugin: fc.constant({ version: "v9" }),
      mig: fc.constant({ strategy: "mixed" }),
    },
    { requiredKeys: [] },
  ),
  driver: fc.record(
    {
      resources: fc.constant({ cpu: 1 }),
      tolerations: fc.constant(tolerations),
      manager: fc.constant({ version: "v9", env: [{ name: "A", value: "b" }] }),
      startupProbe: fc.constant({ failureThreshold: 5 }),
      upgradePolicy: fc.constant({ maxUnavailable: 2 }),
    },
    { requiredKeys: [] },
  ),
});

describe("the digest of a driver", () => {
  it("stays with everything that leaves the driver what it is", () => {
    const before = digest({});
    fc.assert(
      fc.property(irrelevant, (words) => {
        assert.equal(digest(words), before);
      }),
    );
  });

  it("stays for RHEL, whoever hands the subscription to the build", () => {
    const rhel = { os: "rhel9" };
    assert.equal(digest({ pool: rhel }), digest({ pool: { ...rhel, runtime: "crio@1.34" } }));
    assert.equal(
      digest({ pool: { ...rhel, runtime: "crio@1.34" }, others: { b: { ...BOARD, ...rhel, nodes: ["b"] } } }),
      digest({ pool: rhel }),
    );
  });

  it("does not go by the order in which variables are written", () => {
    const env = [
      { name: "A", value: "1" },
      { name: "B", value: "2" },
    ];
    assert.equal(digest({ driver: { env } }), digest({ driver: { env: env.toReversed() } }));
  });

  const relevant: Record<string, Partial<Words>> = {
    "its version": { driver: { version: "595.91.07" } },
    "its version in the pool": { pool: { driver: { version: "570.86.15" } } },
    "its kind of modules": { driver: { kernelModuleType: "open" } },
    "its image": { driver: { image: "r:5000/driver" } },
    "the operating system": { pool: { os: "ubuntu24.04" } },
    "the mode": { driver: { mode: "precompiled" }, pool: { kernel: "5.15.0-118-generic" } },
    "the kernel of a precompiled one": {
      driver: { mode: "precompiled" },
      pool: { kernel: "5.15.0-119-generic" },
    },
    "a variable": { driver: { env: [{ name: "A", value: "1" }] } },
    "a variable's value": { driver: { env: [{ name: "A", value: "2" }] } },
    "its package sources": { driver: { repoConfig: { configMapName: "a" } } },
    "its certificates": { driver: { certConfig: { name: "a" } } },
    "its modules' parameters": { driver: { kernelModuleConfig: { name: "a" } } },
    "the name of its modules' parameters": { driver: { kernelModuleConfig: { name: "b" } } },
    "the host's root": { gpu: { hostPaths: { rootFS: "/sysroot" } } },
  };

  it(`changes with each of ${Object.keys(relevant).join(", ")}`, () => {
    const all = [digest({}), ...Object.values(relevant).map(digest)];
    assert.equal(new Set(all).size, all.length);
  });
});
