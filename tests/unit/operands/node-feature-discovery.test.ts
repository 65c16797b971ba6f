import assert from "node:assert/strict";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { nodeFeatureDiscovery } from "../../../components/operands/node-feature-discovery.ts";
import type { KubernetesObject } from "../../../plan/object.ts";
import { comesAfter } from "../../../plan/order.ts";
import { planned } from "../../../plan/planned-object.ts";
import {
  container,
  find,
  ITS_TOLERATION,
  manifests,
  names,
  rights,
  strayVolumes,
  TAINTED,
  template,
} from "./manifests.ts";

const WORKLOADS = [
  ["Deployment", "node-feature-discovery-master"],
  ["DaemonSet", "node-feature-discovery-worker"],
  ["Deployment", "node-feature-discovery-gc"],
] as const;

const nfd = (keys: string): string => `gpu: { nfd: { ${keys} } }\n`;
const objects = (zone = ""): KubernetesObject[] => manifests(nodeFeatureDiscovery, zone);
const worker = (zone = ""): KubernetesObject =>
  find(objects(zone), "DaemonSet", "node-feature-discovery-worker");

interface Definition {
  readonly group: string;
  readonly scope: string;
  readonly names: Record<string, unknown>;
  readonly versions: { name: string; schema: { openAPIV3Schema: Record<string, unknown> } }[];
}
function definitions(): Record<string, Definition> {
  return Object.fromEntries(
    objects()
      .filter(({ kind }) => kind === "CustomResourceDefinition")
      .map(({ metadata, spec }) => [metadata.name, spec as Definition]),
  );
}

/** True when the API server would take the object by the schema of its definition. */
function accepts(plural: string, object: object): boolean {
  const schema = definitions()[`${plural}.nfd.k8s-sigs.io`]?.versions[0]?.schema.openAPIV3Schema;
  assert.ok(schema !== undefined);
  return new Ajv({ strict: false, formats: { "date-time": true } }).validate(schema, object);
}

describe("the definitions of Node Feature Discovery's kinds", () => {
  it("are its three, each in its scope", () => {
    assert.deepEqual(
      Object.entries(definitions()).map(
        ([
          name,
          {
            scope,
            names: { kind, shortNames },
          },
        ]) => [name, scope, kind, shortNames],
      ),
      [
        ["nodefeatures.nfd.k8s-sigs.io", "Namespaced", "NodeFeature", undefined],
        ["nodefeaturerules.nfd.k8s-sigs.io", "Cluster", "NodeFeatureRule", ["nfr"]],
        ["nodefeaturegroups.nfd.k8s-sigs.io", "Namespaced", "NodeFeatureGroup", ["nfg"]],
      ],
    );
  });

  it("have a type at every place of their schemas, as the API server demands", () => {
    const untyped = (schema: Record<string, unknown>, path: string): string[] => [
      ...(typeof schema["type"] === "string" ? [] : [path]),
      ...Object.entries((schema["properties"] ?? {}) as Record<string, Record<string, unknown>>).flatMap(
        ([key, each]) => untyped(each, `${path}.${key}`),
      ),
      ...["items", "additionalProperties"].flatMap((key) =>
        schema[key] === undefined ? [] : untyped(schema[key] as Record<string, unknown>, `${path}.${key}`),
      ),
    ];
    for (const [name, { versions }] of Object.entries(definitions()))
      assert.deepEqual(
        versions.flatMap(({ schema }) => untyped(schema.openAPIV3Schema, name)),
        [],
      );
  });

  it("take what a worker writes of a node", () => {
    const features = {
      flags: { "kernel.loadedmodule": { elements: { nvidia: {} } } },
      attributes: { "system.osrelease": { elements: { ID: "ubuntu" } } },
      instances: { "pci.device": { elements: [{ attributes: { vendor: "10de" } }] } },
    };
    assert.ok(accepts("nodefeatures", { spec: { features, labels: { a: "true" } } }));
    assert.ok(!accepts("nodefeatures", { spec: { labels: { a: true } } }));
    assert.ok(!accepts("nodefeatures", {}), "spec is required");
  });

  it("take rules with every operator that there is, and no other", () => {
    const rule = (op: string): object => ({
      spec: {
        rules: [{ name: "r", matchFeatures: [{ feature: "pci.device", matchExpressions: { a: { op } } }] }],
      },
    });
    const operators = "In NotIn InRegexp Exists DoesNotExist Gt Ge Lt Le GtLt GeLe IsTrue IsFalse".split(" ");
    assert.deepEqual(
      operators.filter((op) => !accepts("nodefeaturerules", rule(op))),
      [],
    );
    assert.ok(!accepts("nodefeaturerules", rule("Equals")));
  });

  it("come before the rules that need them", () => {
    const all = objects().map((object) => planned("node-feature-discovery", object));
    const rule = all.find(({ object }) => object.kind === "NodeFeatureRule");
    assert.ok(rule !== undefined);
    for (const definition of all.filter(({ object }) => object.kind === "CustomResourceDefinition"))
      assert.ok(comesAfter(rule, definition));
  });
});

describe("the rules for Node Feature Discovery", () => {
  const rules = (zone = ""): KubernetesObject[] =>
    objects(zone).filter(({ kind }) => kind === "NodeFeatureRule");

  it("mark nodes that have the modules of GDRCopy, GPUDirect Storage and peer memory loaded", () => {
    const [rule] = rules();
    const spec = rule?.["spec"] as {
      rules: {
        labels: Record<string, string>;
        matchFeatures: { feature: string; matchExpressions: object }[];
      }[];
    };
    assert.deepEqual(
      spec.rules.map(({ labels, matchFeatures }) => [labels, matchFeatures]),
      [
        ["gdrcopy", "gdrdrv"],
        ["gds", "nvidia_fs"],
        ["peermem", "nvidia_peermem"],
      ].map(([name, module]) => [
        { [`nvidia.com/${name}.capable`]: "true" },
        [{ feature: "kernel.loadedmodule", matchExpressions: { [module ?? ""]: { op: "Exists" } } }],
      ]),
    );
  });

  it("are objects that their definition takes", () => {
    for (const rule of rules()) assert.ok(accepts("nodefeaturerules", rule));
  });

  it("set no deploy label: the master would set it again while somebody has paused an operand", () => {
    assert.doesNotMatch(JSON.stringify(rules()), /gpu\.deploy/);
  });

  it("are all that a cluster gets that has Node Feature Discovery already", () => {
    assert.deepEqual(objects(nfd("mode: existing")), rules());
    assert.ok(rules().length > 0);
    assert.deepEqual(objects(nfd("mode: managed")), objects());
  });
});

describe("Node Feature Discovery's worker", () => {
  it("leaves what it finds to the node: labels outlive the worker's pods and its DaemonSet", () => {
    assert.deepEqual(container(worker()).args, ["-owner-refs=node", "-port=8080"]);
    assert.ok(rights(objects()).includes("get /nodes"), "it reads the node's UID");
  });

  it("runs on every node, whatever taint a pool declares, and beside the control plane", () => {
    const { nodeSelector, tolerations = [] } = template(worker(TAINTED)).spec;
    assert.equal(nodeSelector, undefined);
    const wanted = [
      { key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" },
      ITS_TOLERATION,
      { key: "node-role.kubernetes.io/control-plane", operator: "Exists", effect: "NoSchedule" },
    ];
    assert.deepEqual(tolerations, wanted);
  });

  it("labels devices by their vendor alone, of the classes that gpu-operator takes", () => {
    const data = find(objects(), "ConfigMap", "node-feature-discovery-worker")["data"] as Record<
      string,
      string
    >;
    assert.deepEqual(parse(data["nfd-worker.conf"] ?? ""), {
      sources: {
        pci: {
          deviceClassWhitelist: ["02", "0200", "0207", "0300", "0302"],
          deviceLabelFields: ["vendor"],
        },
      },
    });
  });

  it("sees its node read-only", () => {
    const mounts = container(worker()).volumeMounts ?? [];
    assert.ok(mounts.every(({ readOnly }) => readOnly === true));
    assert.deepEqual(
      ["/host-boot", "/host-etc/os-release", "/host-sys", "/host-usr/lib", "/host-lib", "/host-proc/swaps"],
      mounts.flatMap(({ mountPath }) => (mountPath.startsWith("/host-") ? [mountPath] : [])),
    );
  });

  it("takes the zone's resources, else upstream's", () => {
    assert.deepEqual(container(worker(nfd("resources: { cpu: 1 }"))).resources, {
      requests: { cpu: "1" },
      limits: { cpu: "1" },
    });
    assert.deepEqual(container(worker()).resources, {
      requests: { cpu: "5m", memory: "64Mi" },
      limits: { memory: "512Mi" },
    });
  });
});

describe("every part of Node Feature Discovery", () => {
  for (const [kind, name] of WORKLOADS) {
    const part = (zone = ""): KubernetesObject => find(objects(zone), kind, name);

    it(`runs the release's image or the zone's, with its account: ${name}`, () => {
      const image = (zone: string): string | undefined => container(part(zone)).image;
      assert.equal(image(""), "registry.k8s.io/nfd/node-feature-discovery:v0.19.0");
      assert.equal(image(nfd("image: r/nfd, version: v1")), "r/nfd:v1");
      assert.equal(template(part()).spec.serviceAccountName, name);
      find(objects(), "ServiceAccount", name);
    });

    it(`selects its own pods, and the engine does not wait for it: ${name}`, () => {
      const spec = part(TAINTED)["spec"] as { selector: { matchLabels: object } };
      assert.deepEqual(spec.selector, { matchLabels: { app: name } });
      assert.deepEqual(template(part(TAINTED)).metadata?.labels, { app: name });
      assert.equal(part().metadata.annotations?.["pulumi.com/skipAwait"], "true");
    });

    it(`has no more of its node than it needs: ${name}`, () => {
      assert.deepEqual(container(part()).securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        runAsNonRoot: true,
        capabilities: { drop: ["ALL"] },
      });
      assert.deepEqual(strayVolumes(part()), []);
    });

    it(`takes what all operands take, and the zone's tolerations: ${name}`, () => {
      const zone =
        "gpu: { nfd: { tolerations: [{ key: x, operator: Exists }] }, daemonsets: { priorityClassName: y } }\n";
      const { priorityClassName, tolerations = [] } = template(part(zone)).spec;
      assert.equal(priorityClassName, "y");
      assert.deepEqual(tolerations.at(-1), { key: "x", operator: "Exists" });
      assert.equal(template(part()).spec.priorityClassName, "system-node-critical");
    });
  }

  it("restarts with its configuration, of which the pods know the hash", () => {
    for (const [kind, name] of WORKLOADS.slice(0, 2))
      assert.match(
        template(find(objects(), kind, name)).metadata?.annotations?.["gpu-zones.dev/config-hash"] ?? "",
        /^[0-9a-f]{10}$/,
      );
  });

  it("may do what it needs and nothing else", () => {
    assert.deepEqual(rights(objects()), [
      "create nfd.k8s-sigs.io/nodefeatures",
      "delete nfd.k8s-sigs.io/nodefeatures",
      "delete nfd.k8s-sigs.io/nodefeatures",
      "delete topology.node.k8s.io/noderesourcetopologies",
      "get /nodes",
      "get /nodes",
      "get /nodes/status",
      "get /pods",
      "get nfd.k8s-sigs.io/nodefeaturegroups",
      "get nfd.k8s-sigs.io/nodefeaturerules",
      "get nfd.k8s-sigs.io/nodefeatures",
      "get nfd.k8s-sigs.io/nodefeatures",
      "list /namespaces",
      "list /nodes",
      "list /nodes",
      "list /nodes/status",
      "list nfd.k8s-sigs.io/nodefeaturegroups",
      "list nfd.k8s-sigs.io/nodefeaturerules",
      "list nfd.k8s-sigs.io/nodefeatures",
      "list nfd.k8s-sigs.io/nodefeatures",
      "list topology.node.k8s.io/noderesourcetopologies",
      "patch /nodes",
      "patch /nodes/status",
      "patch nfd.k8s-sigs.io/nodefeaturegroups/status",
      "update /nodes",
      "update /nodes/status",
      "update nfd.k8s-sigs.io/nodefeaturegroups/status",
      "update nfd.k8s-sigs.io/nodefeatures",
      "watch /namespaces",
      "watch /nodes",
      "watch nfd.k8s-sigs.io/nodefeaturegroups",
      "watch nfd.k8s-sigs.io/nodefeaturerules",
      "watch nfd.k8s-sigs.io/nodefeatures",
    ]);
  });

  it("has each name once", () => {
    const all = names(objects());
    assert.deepEqual(all, [...new Set(all)]);
  });
});
