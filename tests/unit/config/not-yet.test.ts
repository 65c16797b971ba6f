import assert from "node:assert/strict";
import { layerJsonSchema, type JsonSchema } from "../../../docs/json-schemas.ts";
import { resolve, told } from "./layer-texts.ts";

/** Every key whose work is not done: where it stands in the zone's keys, and the end of its sentence. */
const KEYS: [path: string, what: string][] = [
  ["cluster.kubernetes", "checking the cluster's Kubernetes version before an update"],
  ["gpu.driver.secretEnv", "secret environment variables of the driver"],
  [
    "gpu.driver.upgradePolicy.podDeletion.deleteEmptyDir",
    "pods that keep their node for the sake of an emptyDir",
  ],
  ["gpu.driver.rdma", "GPUDirect RDMA"],
  ["gpu.driver.licensingConfig", "vGPU licensing"],
  ["gpu.driver.virtualTopology", "vGPU topology"],
  ["gpu.driver.livenessProbe", "a liveness probe of the driver"],
  ["gpu.dcgm", "installing DCGM"],
  ["gpu.dcgmExporter.hpcJobMapping", "mapping HPC jobs to GPUs"],
  ["gpu.gds", "GPUDirect Storage"],
  ["gpu.gdrcopy", "GDRCopy"],
  ["gpu.cdi.nriPluginEnabled", "GPUs for containers by the NRI plugin"],
  ["gpu.cdi.default", "CDI as the mode of every container"],
  ["images.pullSecrets", "pull secrets"],
  ["appDefaults.minReplicas", "survivability"],
  ["appDefaults.priority", "priorities of apps"],
  ["appDefaults.secretEnv", "secrets in environment variables"],
  ["apps.a.minReplicas", "survivability"],
  ["apps.a.priority", "priorities of apps"],
  ["apps.a.secretEnv", "secrets in environment variables"],
  ["secrets", "secrets"],
];

/** `a.b: 1` as nested keys, one a line. */
function nested(path: string, value: string): string {
  const keys = path.split(".");
  const lines = keys.map((key, depth) => `${"  ".repeat(depth)}${key}:`);
  return `${lines.join("\n")} ${value}\n`;
}

describe("a key whose work is not done", () => {
  for (const [path, what] of KEYS) {
    for (const value of ["1", "{ a: b }"]) {
      it(`${path} is refused with the value ${value}, and says what will come`, () => {
        assert.deepEqual(told(resolve(nested(path, value))), [
          `error GZ005 Pulumi.zone-x.yaml:${path.split(".").length}  ${path}
    not yet: ${what}
    fix: take the key out until a release of gpu-zones announces it (docs/problems/GZ005.md)`,
        ]);
      });
    }
  }

  const values: [path: string, value: string, what: string][] = [
    ["cluster.platform", "talos", "platforms other than kubeadm, k3s, rke2 and preinstalled"],
  ];
  for (const [path, value, what] of values) {
    it(`is told from a value whose work is not done: ${path}: ${value}`, () => {
      assert.deepEqual(
        resolve(nested(path, value)).problems.map(({ code, path: at, message }) => [code, at, message]),
        [["GZ005", path, `not yet: ${what}`]],
      );
    });
  }

  it("is in this list: the schema has no other", () => {
    assert.deepEqual(
      KEYS.map(([path]) => path).toSorted(),
      [...deprecated(layerJsonSchema(), "")].toSorted(),
    );
  });
});

/** Paths of the keys that the JSON Schema marks; the names in maps of anything are `a`. */
function deprecated(schema: JsonSchema | boolean, path: string): Set<string> {
  if (typeof schema === "boolean") return new Set();
  if (schema.deprecated === true) return new Set([path]);
  const at = (key: string): string => (path === "" ? key : `${path}.${key}`);
  const below: [JsonSchema | boolean, string][] = [
    ...Object.entries(schema.properties ?? {}).map(([key, each]) => [each, at(key)] as [JsonSchema, string]),
    ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].map((each) => [each, path] as [JsonSchema, string]),
  ];
  if (typeof schema.additionalProperties === "object") below.push([schema.additionalProperties, at("a")]);
  return new Set(below.flatMap(([each, to]) => [...deprecated(each, to)]));
}
