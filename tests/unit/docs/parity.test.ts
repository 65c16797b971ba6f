import assert from "node:assert/strict";
import { ourKey, parityPage, stateOf } from "../../../docs/parity.ts";
import { PARITY } from "../../../docs/parity-rows.ts";
import { schemaKeys } from "../../../docs/schema-keys.ts";

const ROWS = PARITY.flatMap(({ rows }) => rows);
const KEYS = schemaKeys();

/** ClusterPolicy v1 of gpu-operator v26.7.0: its top-level keys, and what each has beside an operand's common ones. */
const CLUSTER_POLICY: Readonly<Record<string, readonly string[]>> = {
  operator: [
    ...["defaultRuntime", "runtimeClass", "initContainer", "labels", "annotations"],
    ...["metrics.serviceMonitor", "use_ocp_driver_toolkit"],
  ],
  daemonsets: [
    ...["labels", "annotations", "tolerations", "priorityClassName", "updateStrategy"],
    ...["rollingUpdate.maxUnavailable", "podSecurityContext"],
  ],
  driver: [
    ...["kernelModuleType", "usePrecompiled", "useNvidiaDriverCRD", "upgradePolicy", "rdma", "startupProbe"],
    ...["livenessProbe", "readinessProbe", "manager", "licensingConfig", "virtualTopology.config"],
    ...[
      "kernelModuleConfig.name",
      "certConfig.name",
      "repoConfig.configMapName",
      "secretEnv",
      "useOpenKernelModules",
    ],
  ],
  toolkit: ["installDir"],
  devicePlugin: ["config.name", "config.default", "mps.root"],
  gfd: ["enabled"],
  dcgm: [],
  nodeStatusExporter: ["enabled"],
  dcgmExporter: [
    ...[
      "config.name",
      "enablePodLabels",
      "enablePodUID",
      "podLabelAllowlistRegex",
      "hpcJobMapping",
      "hostPID",
    ],
    ...["annotations", "service.type", "service.internalTrafficPolicy"],
    ...["enabled", "interval", "scrapeTimeout", "honorLabels", "additionalLabels", "relabelings"].map(
      (key) => `serviceMonitor.${key}`,
    ),
  ],
  mig: ["strategy"],
  migManager: ["config.name", "config.default", "gpuClientsConfig.name"],
  validator: ["driver", "toolkit", "cuda", "plugin", "vfioPCI", "vgpuManager", "vgpuDevices"],
  gds: [],
  gdrcopy: [],
  cdi: ["enabled", "nriPluginEnabled", "default"],
  hostPaths: ["rootFS", "driverInstallDir", "kubeletRootDir"],
  psa: ["enabled"],
  psp: [],
  sandboxWorkloads: [],
  vfioManager: [],
  sandboxDevicePlugin: [],
  kataSandboxDevicePlugin: [],
  vgpuManager: [],
  vgpuDeviceManager: [],
  ccManager: [],
  kataManager: [],
};

describe("the table of parity with NVIDIA's operator", () => {
  it("has a row for every key of ClusterPolicy, and each once", () => {
    const keys = ROWS.map(({ key }) => key);
    assert.deepEqual(
      keys.filter((key, index) => keys.indexOf(key) !== index),
      [],
    );
    const wanted = Object.entries(CLUSTER_POLICY).flatMap(([top, below]) =>
      below.length === 0 ? [top] : below.map((key) => `${top}.${key}`),
    );
    assert.deepEqual(
      wanted.filter((key) => !keys.some((each) => each === key || each.startsWith(`${key}.`))),
      [],
    );
  });

  it("has the common keys of every operand that has settings of its own", () => {
    for (const key of [
      "driver",
      "toolkit",
      "devicePlugin",
      "gfd",
      "dcgmExporter",
      "migManager",
      "validator",
      "nodeStatusExporter",
    ])
      for (const field of ["enabled", "repository", "image", "version", "resources", "env"])
        assert.ok(
          ROWS.some((row) => row.key === `${key}.${field}`),
          `${key}.${field}`,
        );
    for (const field of ["imagePullPolicy", "imagePullSecrets", "args", "hostNetwork"])
      assert.ok(
        ROWS.some((row) => row.key === `<operand>.${field}`),
        field,
      );
  });

  for (const row of ROWS) {
    const ours = ourKey(row);
    if (row.parity === "same")
      it(`says of ${row.key} that it is the same: it is a key of ours, of the same name`, () => {
        assert.ok(ours !== null && `gpu.${row.key}`.startsWith(ours), ours ?? "no key");
        assert.notEqual(stateOf(ours, KEYS), undefined, `${ours} is no key`);
      });
    if (row.parity === "different")
      it(`says of ${row.key} what is different, and names no key that is not there`, () => {
        assert.notEqual(row.why ?? "", "");
        if (ours !== null) assert.notEqual(stateOf(ours, KEYS), undefined, `${ours} is no key`);
      });
    if (row.parity === "later")
      it(`says of ${row.key} that it comes later: our key answers "not yet"`, () => {
        assert.ok(ours !== null);
        assert.equal(stateOf(ours, KEYS), "not yet");
      });
    if (row.parity === "not supported")
      it(`says of ${row.key} why it is not supported, and no key of ours takes it`, () => {
        assert.notEqual(row.why ?? "", "");
        assert.notEqual(stateOf(`gpu.${row.key}`, KEYS), "read");
      });
  }

  it("says of no key that there is another way, where it is a key of ours", () => {
    // Their values differ: the one cannot be false, the other is one word for all of a driver.
    const exceptions = ["validator.enabled", "driver.enabled"];
    const wrong = ROWS.filter(({ parity }) => parity === "different").filter(
      (row) => ourKey(row) !== `gpu.${row.key}` && stateOf(`gpu.${row.key}`, KEYS) === "read",
    );
    assert.deepEqual(
      wrong.map(({ key }) => key).filter((key) => !exceptions.includes(key)),
      [],
    );
  });

  it("names the key itself, not the one above it", () => {
    const vague = ROWS.filter((row) => ["gpu.daemonsets", "images"].includes(ourKey(row) ?? ""));
    assert.deepEqual(vague, []);
  });

  it('shows what answers "not yet" as later, whatever it will be', () => {
    const [, text] = parityPage();
    const lines = text.split("\n").filter((each) => each.startsWith("| `"));
    assert.equal(lines.length, ROWS.length);
    for (const [index, row] of ROWS.entries()) {
      const ours = ourKey(row);
      const cell = lines[index]?.split(" | ")[2];
      const isLater = ours !== null && stateOf(ours, KEYS) === "not yet";
      assert.equal(cell, isLater ? "later" : row.parity, row.key);
    }
  });
});
