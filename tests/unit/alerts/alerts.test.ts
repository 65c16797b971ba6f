import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { COUNTER_FIELDS } from "../../../components/operands/counters.ts";
import { OPERANDS } from "../../../components/operands/operands.ts";
import type { KubernetesObject } from "../../../plan/object.ts";
import { manifests } from "../operands/manifests.ts";
import { CASES, ZONE } from "./cases.ts";
import { evaluate, rulesOf, type Firing, type Series } from "./promtool.ts";
import { changed, healthy, MIG, ofNode, ofShares, SHARED, type Sample } from "./samples.ts";

const RUNBOOKS = new URL("../../../docs/runbooks/", import.meta.url);

function alertsOf(zone: string): KubernetesObject[] {
  return OPERANDS.flatMap((operand) =>
    manifests(operand, zone).filter(({ kind }) => kind === "PrometheusRule"),
  );
}
const RULES = alertsOf(ZONE);
const ALERTS = [...new Set(RULES.flatMap(rulesOf).map(({ alert }) => alert))];

/** Nothing of any alert at a time. */
function silence(minute: number, except: readonly string[] = []) {
  return ALERTS.filter((alert) => !except.includes(alert)).map((alert) => ({ alert, minute, firing: [] }));
}

describe("the alerts of a zone, by Prometheus' own engine", function () {
  this.timeout(60_000);

  for (const sample of [MIG, SHARED]) {
    it(`are silent for ${sample.title} that is well and at work`, () => {
      assert.equal(
        evaluate(
          RULES,
          healthy(sample),
          [1, 12, 61, 110].flatMap((minute) => silence(minute)),
        ),
        "",
      );
    });

    for (const { alert, what, minute, series, firing, zone } of CASES) {
      it(`${alert} fires for ${what}, once for ${sample.title}`, () => {
        const rules = zone === undefined ? RULES : alertsOf(zone);
        const found = evaluate(rules, changed(healthy(sample), series(sample)), [
          { alert, minute, firing: firing(sample) },
        ]);
        assert.equal(found, "");
      });
    }
  }

  it("are each in these tests", () => {
    assert.deepEqual([...new Set(CASES.map(({ alert }) => alert))].toSorted(), ALERTS.toSorted());
  });

  it("see the error that kills a pod, though the pod's series end with it", () => {
    const metric = "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL";
    const series = ofShares(SHARED, metric, "0x20 _x40");
    const successor = ofShares(SHARED, metric, "_x21 1x40").map((each) => ({
      ...each,
      labels: { ...each.labels, exported_pod: `${String(each.labels["exported_pod"])}-new` },
    }));
    const firing = [{ labels: SHARED.board, summary: `${SHARED.name} has a double-bit memory error.` }];
    assert.equal(
      evaluate(RULES, changed(healthy(SHARED), [...series, ...successor]), [
        { alert: "GpuEccDbe", minute: 12, firing },
        { alert: "GpuEccDbe", minute: 20, firing: [] },
      ]),
      "",
    );
  });

  it("leave out XIDs that programs bring about", () => {
    for (const xid of ["0", "13", "31", "43", "45", "68", "109"]) {
      const series = ofShares(MIG, "DCGM_EXP_XID_ERRORS_COUNT", "1x40").map((each) => ({
        ...each,
        labels: { ...each.labels, xid },
      }));
      assert.equal(
        evaluate(RULES, [...healthy(MIG), ...series], [{ alert: "GpuXid", minute: 12, firing: [] }]),
        "",
        xid,
      );
    }
  });

  it("go by utilization where the board cannot be profiled, and leave its free MIG devices alone", () => {
    const without = (sample: Sample, util: string): Series[] =>
      changed(healthy(sample), ofShares(sample, "DCGM_FI_DEV_GPU_UTIL", util)).filter(
        ({ metric }) => metric !== "DCGM_FI_PROF_GR_ENGINE_ACTIVE",
      );
    const idle = [{ labels: SHARED.board, summary: `${SHARED.name} belongs to a pod and does nothing.` }];
    const at = (firing: Firing[]) => [{ alert: "GpuIdleAllocated", minute: 61, firing }];
    assert.equal(evaluate(RULES, without(SHARED, "2x240"), at(idle)), "");
    assert.equal(evaluate(RULES, without(SHARED, "60x240"), at([])), "");
    assert.equal(evaluate(RULES, without(MIG, "0x240"), at([])), "");
  });

  it("say nothing of an idle board that nobody has", () => {
    const series = healthy(SHARED).flatMap((each) =>
      each.metric === "DCGM_FI_PROF_GR_ENGINE_ACTIVE" && each.labels["vgpu"] === "0"
        ? [{ ...each, labels: { ...each.labels, exported_pod: "" }, values: "0x240" }]
        : each.metric.startsWith("DCGM_FI_PROF") || each.metric === "DCGM_FI_DEV_GPU_UTIL"
          ? []
          : [each],
    );
    assert.equal(evaluate(RULES, series, [{ alert: "GpuIdleAllocated", minute: 61, firing: [] }]), "");
  });

  it("find the pod by its own name where Prometheus honours the exporter's labels", () => {
    const rules = alertsOf(`${ZONE}gpu: { dcgmExporter: { serviceMonitor: { honorLabels: true } } }\n`);
    // Where nobody has the device, the exporter names no pod, and Prometheus the one that it scrapes.
    const honoured = (series: Series[]): Series[] =>
      series.map(({ labels: { exported_pod: pod, ...labels }, ...each }) => ({
        ...each,
        labels: { ...labels, ...(pod === undefined ? {} : { pod }) },
      }));
    const active = "DCGM_FI_PROF_GR_ENGINE_ACTIVE";
    const free = honoured(healthy(MIG))
      .filter(({ metric }) => metric === active)
      .map((each) => (each.labels["GPU_I_ID"] === "13" ? { ...each, values: "0x240" } : each));
    assert.equal(evaluate(rules, free, [{ alert: "GpuIdleAllocated", minute: 61, firing: [] }]), "");
    const series = honoured(changed(healthy(SHARED), ofShares(SHARED, active, "0x240"))).filter(
      ({ metric }) => metric.startsWith("DCGM_FI_PROF"),
    );
    const firing = [{ labels: SHARED.board, summary: `${SHARED.name} belongs to a pod and does nothing.` }];
    assert.equal(evaluate(rules, series, [{ alert: "GpuIdleAllocated", minute: 61, firing }]), "");
  });

  it("do not blame the toolkit of a node whose driver does not work", () => {
    const series = ["driver_validation", "toolkit_ready", "cuda_ready"].flatMap((metric) =>
      ofNode(MIG, metric, "0x100"),
    );
    const found = evaluate(RULES, changed(healthy(MIG), series), [
      ...["Toolkit", "Cuda"].map((part) => ({
        alert: `GPUOperatorNodeDeployment${part}Failed`,
        minute: 31,
        firing: [],
      })),
    ]);
    assert.equal(found, "");
  });

  it("are found wrong when they are: the engine is not asked for show", () => {
    assert.match(
      evaluate(RULES, healthy(MIG), [
        { alert: "GpuTempHigh", minute: 12, firing: [{ labels: MIG.board, summary: "hot" }] },
      ]),
      /GpuTempHigh/,
    );
  });
});

describe("alerts that the exporters have no part in", () => {
  const names = (zone: string): string[] =>
    alertsOf(zone)
      .flatMap(rulesOf)
      .map(({ alert }) => alert);

  it("are there without the exporters, and go with the operand that they are about", () => {
    const off = "dcgmExporter: { enabled: false }, nodeStatusExporter: { enabled: false }";
    assert.deepEqual(names(`${ZONE}gpu: { ${off} }\n`), ["GpuUnhealthy", "GpuMigConfigFailed"]);
    const more = "devicePlugin: { enabled: false }, migManager: { enabled: false }";
    assert.deepEqual(names(`${ZONE}gpu: { ${off}, ${more} }\n`), []);
  });

  it("watch no node by name where only selectors choose nodes", () => {
    const zone =
      "capabilities: { monitoring: true }\nnodePools: { p: { product: Tesla-T4, gpusPerNode: 1, os: ubuntu22.04, selector: { a: b }, count: 1 } }\n";
    assert.deepEqual(
      names(zone).filter((name) => /Missing$/.test(name)),
      [],
    );
  });
});

describe("every alert", () => {
  it("has a page in docs/runbooks that its annotation names, and no page is left over", () => {
    for (const { alert, annotations } of RULES.flatMap(rulesOf)) {
      assert.equal(annotations["runbook_url"], `docs/runbooks/${alert}.md`);
      const page = new URL(`${alert}.md`, RUNBOOKS);
      assert.ok(existsSync(page), alert);
      assert.match(readFileSync(page, "utf8"), new RegExp(`^# ${alert}: .+\n\n.+\n\n## Look\n\n1\\. `));
    }
    assert.deepEqual(
      readdirSync(RUNBOOKS)
        .filter((file) => file !== "README.md")
        .toSorted(),
      ALERTS.map((alert) => `${alert}.md`).toSorted(),
    );
  });

  it("reads fields that the exporter's counter file has", () => {
    const read = RULES.flatMap(rulesOf).flatMap(({ expr }) => expr.match(/\bDCGM_[A-Z0-9_]+/g) ?? []);
    assert.ok(read.length > 0);
    assert.deepEqual(
      read.filter((field) => !COUNTER_FIELDS.includes(field)),
      [],
    );
  });

  it("leads from its runbook to pages that are there", () => {
    for (const file of readdirSync(RUNBOOKS))
      for (const [, link = ""] of readFileSync(new URL(file, RUNBOOKS), "utf8").matchAll(/\]\(([^)]+)\)/g))
        assert.ok(existsSync(new URL(link, RUNBOOKS)), `${file}: ${link}`);
  });
});
