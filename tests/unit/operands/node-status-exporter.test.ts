import assert from "node:assert/strict";
import { nodeStatusExporter } from "../../../components/operands/node-status-exporter.ts";
import type { KubernetesObject } from "../../../plan/object.ts";
import {
  container,
  find,
  ITS_TOLERATION,
  manifests,
  rights,
  strayVolumes,
  TAINTED,
  template,
  variables,
} from "./manifests.ts";

const NAME = "nvidia-node-status-exporter";
const objects = (zone = ""): KubernetesObject[] => manifests(nodeStatusExporter, zone);
const exporter = (zone = ""): KubernetesObject => find(objects(zone), "DaemonSet", NAME);

describe("the node status exporter", () => {
  it("is there unless the zone says otherwise, with nothing left then", () => {
    assert.ok(objects().length > 0);
    assert.deepEqual(objects("gpu: { nodeStatusExporter: { enabled: false } }\n"), []);
  });

  it("runs where the labeller deploys it, without NVIDIA's runtime: it has to run where the toolkit does not", () => {
    const { nodeSelector, runtimeClassName, initContainers } = template(exporter()).spec;
    assert.deepEqual(nodeSelector, { "nvidia.com/gpu.deploy.node-status-exporter": "true" });
    assert.deepEqual([runtimeClassName, initContainers], [undefined, undefined]);
    assert.deepEqual(template(exporter(TAINTED)).spec.tolerations?.slice(1), [ITS_TOLERATION]);
  });

  it("is the validator's image, which counts instead of validating, as root", () => {
    const { image, command, securityContext } = container(exporter());
    assert.equal(image, "nvcr.io/nvidia/gpu-operator:v26.7.0");
    assert.deepEqual(command, ["nvidia-validator"]);
    assert.deepEqual(securityContext, { privileged: true, runAsUser: 0 });
    assert.deepEqual(variables(container(exporter())), {
      COMPONENT: "metrics",
      METRICS_PORT: "8000",
      NVIDIA_VISIBLE_DEVICES: "void",
    });
    assert.deepEqual(
      container(exporter()).env?.flatMap(({ name, valueFrom }) =>
        valueFrom === undefined ? [] : [[name, valueFrom.fieldRef?.fieldPath]],
      ),
      [
        ["NODE_NAME", "spec.nodeName"],
        ["OPERATOR_NAMESPACE", "metadata.namespace"],
      ],
    );
  });

  it("takes the zone's image, variables, resources and tolerations", () => {
    const zone =
      "gpu: { nodeStatusExporter: { image: r/v, version: v1, env: [{ name: A, value: b }], resources: { cpu: 1 }, tolerations: [{ key: x, operator: Exists }] } }\n";
    assert.equal(container(exporter(zone)).image, "r/v:v1");
    assert.equal(variables(container(exporter(zone)))["A"], "b");
    assert.deepEqual(container(exporter(zone)).resources?.limits, { cpu: "1" });
    assert.deepEqual(template(exporter(zone)).spec.tolerations?.at(-1), { key: "x", operator: "Exists" });
  });

  it("sees the status files, which it makes room for on a fresh node, and the host read-only", () => {
    const { volumes = [] } = template(exporter()).spec;
    assert.deepEqual(strayVolumes(exporter()), []);
    assert.equal(
      volumes.find(({ hostPath }) => hostPath?.path === "/run/nvidia")?.hostPath?.type,
      "DirectoryOrCreate",
    );
    assert.equal(
      container(exporter()).volumeMounts?.find(({ mountPath }) => mountPath === "/host")?.readOnly,
      true,
    );
  });

  it("may read its node, and look for the driver in its namespace", () => {
    assert.deepEqual(rights(objects()), [
      "get /nodes",
      "get /pods",
      "get apps/daemonsets",
      "list /pods",
      "list apps/daemonsets",
      "watch apps/daemonsets",
    ]);
  });

  it("has a Service that finds its pods, and Prometheus' objects where the zone has monitoring", () => {
    const { selector, ports } = find(objects(), "Service", NAME)["spec"] as {
      selector: object;
      ports: object;
    };
    assert.deepEqual(selector, template(exporter()).metadata?.labels);
    assert.deepEqual(ports, [{ name: "node-status", port: 8000, targetPort: 8000, protocol: "TCP" }]);
    const monitored = objects("capabilities: { monitoring: true }\n");
    const { endpoints } = find(monitored, "ServiceMonitor", NAME)["spec"] as {
      endpoints: { port: string }[];
    };
    assert.deepEqual(
      endpoints.map(({ port }) => port),
      ["node-status"],
    );
    find(monitored, "PrometheusRule", NAME);
    assert.equal(monitored.length, objects().length + 2);
  });
});
