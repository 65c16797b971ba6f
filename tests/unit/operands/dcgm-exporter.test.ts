import assert from "node:assert/strict";
import { dcgmExporter } from "../../../components/operands/dcgm-exporter.ts";
import { contentHash } from "../../../components/operands/content-hash.ts";
import type { KubernetesObject } from "../../../plan/object.ts";
import { resolve, told } from "../config/layer-texts.ts";
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
  variables,
} from "./manifests.ts";

const NAME = "nvidia-dcgm-exporter";
const MONITORING = "capabilities: { monitoring: true }\n";
const own = (keys: string): string => `gpu: { dcgmExporter: { ${keys} } }\n`;
const objects = (zone = ""): KubernetesObject[] => manifests(dcgmExporter, zone);
const exporter = (zone = ""): KubernetesObject => find(objects(zone), "DaemonSet", NAME);
const env = (zone = ""): Record<string, string> => variables(container(exporter(zone)));
const pools = (...sharing: string[]): string =>
  `nodePools:\n${sharing.map((each, at) => `  p${at}: { product: Tesla-T4, gpusPerNode: 1, os: ubuntu22.04, nodes: [n${at}]${each} }\n`).join("")}`;

/** The lines of the counter file, as the exporter reads them. */
function counters(): string[][] {
  const data = find(objects(), "ConfigMap", NAME)["data"] as Record<string, string>;
  return (data["dcgm-metrics.csv"] ?? "")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(",").map((part) => part.trim()));
}

describe("the DCGM exporter's DaemonSet", () => {
  it("runs where the labeller deploys it, with NVIDIA's runtime, once the toolkit works", () => {
    const { nodeSelector, runtimeClassName, initContainers } = template(exporter()).spec;
    assert.deepEqual(nodeSelector, { "nvidia.com/gpu.deploy.dcgm-exporter": "true" });
    assert.equal(runtimeClassName, "nvidia");
    assert.deepEqual(
      initContainers?.map(({ name }) => name),
      ["toolkit-validation"],
    );
    assert.deepEqual(strayVolumes(exporter()), []);
  });

  it("runs the release's image or the zone's, and tolerates what pools and zone say", () => {
    assert.equal(container(exporter()).image, "nvcr.io/nvidia/k8s/dcgm-exporter:4.6.0-4.8.3-distroless");
    assert.equal(container(exporter(own("image: r/e, version: v1"))).image, "r/e:v1");
    const zone = TAINTED + own("tolerations: [{ key: x, operator: Exists }]");
    assert.deepEqual(template(exporter(zone)).spec.tolerations?.slice(1), [
      ITS_TOLERATION,
      { key: "x", operator: "Exists" },
    ]);
  });

  it("listens, asks the kubelet for pods, and reads our counter file", () => {
    const { volumeMounts = [] } = container(exporter());
    assert.deepEqual(env(), {
      DCGM_EXPORTER_LISTEN: ":9400",
      DCGM_EXPORTER_KUBERNETES: "true",
      DCGM_EXPORTER_COLLECTORS: "/etc/dcgm-exporter/dcgm-metrics.csv",
    });
    assert.equal(
      volumeMounts.find(({ mountPath }) => mountPath === env()["DCGM_EXPORTER_COLLECTORS"])?.subPath,
      "dcgm-metrics.csv",
    );
    assert.ok(
      volumeMounts.some(
        ({ mountPath, readOnly }) => mountPath === "/var/lib/kubelet/pod-resources" && readOnly === true,
      ),
    );
  });

  it("restarts when the counter file changes: a file mounted by subPath never changes in a running pod", () => {
    const data = find(objects(), "ConfigMap", NAME)["data"] as Record<string, string>;
    assert.equal(
      template(exporter()).metadata?.annotations?.["gpu-zones.dev/config-hash"],
      contentHash(data["dcgm-metrics.csv"] ?? ""),
    );
  });

  it("gives every pod of a shared GPU its metrics as soon as one pool shares", () => {
    assert.equal(env(pools("", ""))["KUBERNETES_VIRTUAL_GPUS"], undefined);
    assert.equal(env(pools("", ", sharing: { timeSlicing: 2 }"))["KUBERNETES_VIRTUAL_GPUS"], "true");
  });

  it("gets the zone's variables, which replace ours of their name, and its resources", () => {
    const zone = own(
      "env: [{ name: DCGM_EXPORTER_LISTEN, value: ':1' }, { name: A, value: b }], resources: { memory: 1Gi }",
    );
    assert.deepEqual([env(zone)["DCGM_EXPORTER_LISTEN"], env(zone)["A"]], [":1", "b"]);
    assert.deepEqual(container(exporter(zone)).resources?.limits, { memory: "1Gi" });
  });

  it("is asked for its health only after it had time to find the GPUs", () => {
    const { livenessProbe, readinessProbe } = container(exporter());
    for (const probe of [livenessProbe, readinessProbe]) {
      assert.deepEqual(probe?.httpGet, { path: "/health", port: 9400 });
      assert.equal(probe.initialDelaySeconds, 45);
    }
  });

  it("is not there when it is disabled, with nothing that is its own", () => {
    assert.deepEqual(objects(own("enabled: false") + MONITORING), []);
  });
});

describe("what the DCGM exporter says of pods", () => {
  it("needs no right and no token while it names them alone", () => {
    assert.deepEqual(rights(objects()), []);
    assert.equal(template(exporter()).spec.automountServiceAccountToken, false);
  });

  for (const key of ["enablePodLabels", "enablePodUID"]) {
    it(`needs a token and the right to read pods with ${key}`, () => {
      const zone = own(`${key}: true`);
      assert.deepEqual(rights(objects(zone)), ["get /pods", "list /pods", "watch /pods"]);
      assert.equal(template(exporter(zone)).spec.automountServiceAccountToken, true);
      assert.deepEqual(rights(objects(own(`${key}: false`))), []);
    });
  }

  it("is as the zone says", () => {
    const zone = own("enablePodLabels: true, enablePodUID: true, podLabelAllowlistRegex: ['^app$', '^team']");
    assert.deepEqual(
      Object.entries(env(zone)).filter(([name]) => name.includes("POD")),
      [
        ["DCGM_EXPORTER_KUBERNETES_ENABLE_POD_LABELS", "true"],
        ["DCGM_EXPORTER_KUBERNETES_ENABLE_POD_UID", "true"],
        ["DCGM_EXPORTER_KUBERNETES_POD_LABEL_ALLOWLIST_REGEX", "^app$,^team"],
      ],
    );
  });

  it("goes by no expression with a comma, at which the exporter would split it", () => {
    assert.match(
      told(resolve(own("podLabelAllowlistRegex: ['a{1,2}']"))).join("\n"),
      /podLabelAllowlistRegex\[?\.?0.*\n.*wanted a regular expression without a comma/,
    );
  });
});

describe("the DCGM exporter's counter file", () => {
  it("has a field, a type and a help text a line, and no comma more: the exporter would not start", () => {
    assert.ok(counters().length > 40);
    for (const [field = "", type = "", ...help] of counters()) {
      assert.match(field, /^DCGM_(FI|EXP)_[A-Z0-9_]+$/);
      assert.match(type, /^(gauge|counter|label)$/);
      assert.equal(help.length, 1, field);
    }
  });

  it("has each field once, upstream's and those that it leaves out", () => {
    const fields = counters().map(([field]) => field);
    assert.deepEqual(fields, [...new Set(fields)]);
    for (const field of ["DEV_XID_ERRORS", "PROF_GR_ENGINE_ACTIVE", "DRIVER_VERSION"])
      assert.ok(fields.includes(`DCGM_FI_${field}`), field);
    for (const field of [
      ...["ECC_DBE_VOL_TOTAL", "ECC_SBE_AGG_TOTAL", "RETIRED_PENDING", "THERMAL_VIOLATION"],
      ...["POWER_VIOLATION", "FB_TOTAL"],
    ])
      assert.ok(fields.includes(`DCGM_FI_DEV_${field}`), field);
    for (const field of ["XID_ERRORS_COUNT", "CLOCK_EVENTS_COUNT", "GPU_HEALTH_STATUS", "P2P_STATUS"])
      assert.ok(fields.includes(`DCGM_EXP_${field}`), field);
  });
});

describe("the DCGM exporter's Service", () => {
  const service = (zone = ""): Record<string, unknown> =>
    find(objects(zone), "Service", NAME)["spec"] as Record<string, unknown>;

  it("finds the exporter's pods, inside the cluster", () => {
    assert.deepEqual(service(), {
      type: "ClusterIP",
      internalTrafficPolicy: "Cluster",
      selector: template(exporter()).metadata?.labels,
      ports: [{ name: "gpu-metrics", port: 9400, targetPort: 9400, protocol: "TCP" }],
    });
  });

  it("is as the zone says", () => {
    const found = service(own("service: { type: NodePort, internalTrafficPolicy: Local }"));
    assert.deepEqual([found["type"], found["internalTrafficPolicy"]], ["NodePort", "Local"]);
  });
});

describe("Prometheus' objects for the DCGM exporter", () => {
  interface Monitor {
    jobLabel: string;
    selector: { matchLabels: object };
    namespaceSelector: object;
    endpoints: Record<string, unknown>[];
  }
  const monitor = (zone = ""): KubernetesObject => find(objects(MONITORING + zone), "ServiceMonitor", NAME);
  const endpoint = (zone = ""): Record<string, unknown> =>
    (monitor(zone)["spec"] as Monitor).endpoints[0] ?? {};

  it("are there where the zone has monitoring, and nowhere else", () => {
    const kinds = (zone: string): string[] =>
      objects(zone).flatMap(({ apiVersion, kind }) =>
        apiVersion === "monitoring.coreos.com/v1" ? [kind] : [],
      );
    assert.deepEqual(kinds(MONITORING), ["ServiceMonitor", "PrometheusRule"]);
    assert.deepEqual(kinds(""), []);
    assert.deepEqual(kinds("capabilities: { monitoring: false }\n"), []);
  });

  it("find the Service, and scrape its port as upstream does, with the node's name", () => {
    const { jobLabel, selector, namespaceSelector } = monitor()["spec"] as Monitor;
    assert.equal(jobLabel, "app");
    assert.deepEqual(selector.matchLabels, find(objects(), "Service", NAME).metadata.labels);
    assert.deepEqual(namespaceSelector, { matchNames: ["gpu-operator"] });
    assert.deepEqual(endpoint(), {
      port: "gpu-metrics",
      path: "/metrics",
      interval: "15s",
      scrapeTimeout: "10s",
      honorLabels: false,
      relabelings: [
        { action: "replace", sourceLabels: ["__meta_kubernetes_pod_node_name"], targetLabel: "node" },
      ],
    });
  });

  it("are as the zone says", () => {
    const zone = own(
      "serviceMonitor: { interval: 1m, scrapeTimeout: 30s, honorLabels: true, additionalLabels: { release: p } }",
    );
    const { interval, scrapeTimeout, honorLabels } = endpoint(zone);
    assert.deepEqual([interval, scrapeTimeout, honorLabels], ["1m", "30s", true]);
    for (const kind of ["ServiceMonitor", "PrometheusRule"])
      assert.equal(find(objects(MONITORING + zone), kind, NAME).metadata.labels?.["release"], "p");
  });

  it("scrape for no longer than until the next scrape, by what is written or not", () => {
    for (const wrong of ["interval: 5s", "scrapeTimeout: 16s", "interval: 1m, scrapeTimeout: 2m"])
      assert.match(
        told(resolve(own(`serviceMonitor: { ${wrong} }`))).join("\n"),
        /wanted a scrapeTimeout .* not longer than interval/,
        wrong,
      );
    for (const right of ["interval: 10s", "scrapeTimeout: 15s", "interval: 1500ms, scrapeTimeout: 1s"])
      assert.deepEqual(told(resolve(own(`serviceMonitor: { ${right} }`))), [], right);
  });

  it("have names of their own", () => {
    const all = names(objects(MONITORING));
    assert.deepEqual(all, [...new Set(all)]);
  });
});
