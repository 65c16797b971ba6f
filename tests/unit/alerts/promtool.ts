import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KubernetesObject } from "../../../plan/object.ts";
import { findTool } from "../../../tools/find.ts";

const PROMTOOL = (await findTool("promtool")).path;

/** A series as Prometheus keeps it, and its values from the start, one each 30 seconds (`1x9` is ten times 1, `_` none). */
export interface Series {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly values: string;
}

/** What an alert says when it fires. */
export interface Firing {
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
}

/** What fires of some alerts at some time. */
export interface Expectation {
  readonly alert: string;
  readonly minute: number;
  readonly firing: readonly Firing[];
}

export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The rules of a PrometheusRule. */
export function rulesOf(object: KubernetesObject): Rule[] {
  return (object["spec"] as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules);
}

/** Evaluates the alerts of PrometheusRules over the series, with Prometheus' own engine; "" or what it found wrong. */
export function evaluate(
  rules: readonly KubernetesObject[],
  series: readonly Series[],
  expectations: readonly Expectation[],
): string {
  const folder = mkdtempSync(join(tmpdir(), "gpu-zones-alerts-"));
  try {
    const files = rules.map(({ spec }, at) => {
      const file = join(folder, `rules-${at}.json`);
      writeFileSync(file, JSON.stringify(spec));
      return file;
    });
    const severities = new Map(
      rules.flatMap(rulesOf).map(({ alert, labels }) => [alert, labels["severity"]] as const),
    );
    const test = {
      rule_files: files,
      evaluation_interval: "30s",
      tests: [
        {
          interval: "30s",
          input_series: series.map(({ metric, labels, values }) => ({
            series: seriesName(metric, labels),
            values,
          })),
          alert_rule_test: expectations.map(({ alert, minute, firing }) => ({
            eval_time: `${minute}m`,
            alertname: alert,
            exp_alerts: firing.map(({ labels, summary }) => ({
              exp_labels: { severity: severities.get(alert), zone: "zone-x", ...labels },
              exp_annotations: { summary, runbook_url: `docs/runbooks/${alert}.md` },
            })),
          })),
        },
      ],
    };
    const file = join(folder, "test.json");
    writeFileSync(file, JSON.stringify(test));
    const { status, stdout, stderr } = spawnSync(PROMTOOL, ["test", "rules", file], { encoding: "utf8" });
    return status === 0 ? "" : `${stdout}${stderr}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `metric{a="b"}`: JSON's strings are PromQL's. */
function seriesName(metric: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `${metric}{${pairs.join(",")}}`;
}
