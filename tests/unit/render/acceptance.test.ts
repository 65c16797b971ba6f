import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { renderZone } from "../../../plan/render/render.ts";
import type { GpuTarget } from "../../../plan/render/gpu-target.ts";
import { KUSTOMIZE, LIMIT_MS } from "./kustomize-path.ts";
import { zoneOf } from "./zone-text.ts";

const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));

describe("the shipped apps", function () {
  this.timeout(LIMIT_MS);
  it("come out for zone-1-dev as that zone had them", async () => {
    await assertAccepted(
      "zone-1-dev",
      `
appDefaults: { overlay: bumble }
apps:
  private-detector: { replicas: 1 }
`,
      { resource: "nvidia.com/mig-1g.5gb", count: 1 },
    );
  });

  it("come out for zone-1-prod as that zone had them", async () => {
    await assertAccepted(
      "zone-1-prod",
      `
appDefaults: { overlay: bumble }
capabilities: { istio: true }
apps:
  private-detector: { replicas: 10, components: [istio] }
`,
      {
        resource: "nvidia.com/gpu",
        count: 1,
        nodeSelector: { "nvidia.com/gpu.product": "NVIDIA-A100-PCIE-40GB" },
      },
    );
  });

  it("put the sidecar's label on the pods and the route into the zone where the istio component is asked for", async () => {
    const objects = await privateDetector("capabilities: { istio: true }");
    const deployment = objects.find(({ kind }) => kind === "Deployment");
    const labels = (deployment?.["spec"] as { template: { metadata: { labels: unknown } } }).template.metadata
      .labels;
    assert.deepEqual(labels, { app: "pd", "sidecar.istio.io/inject": "true" });
    const route = objects.find(({ kind }) => kind === "VirtualService");
    assert.equal(route?.apiVersion, "networking.istio.io/v1");
    assert.equal(route.metadata.annotations, undefined);
  });

  it("leave the route out of a zone that has no Istio", async () => {
    assert.deepEqual(
      (await privateDetector("capabilities: {}")).map(({ kind }) => kind),
      ["Service", "Deployment"],
    );
  });

  it("all build, each on its own overlay, without a GPU of their own", async () => {
    const zone = zoneOf(`
appDefaults: { overlay: bumble }
apps: { private-detector: {}, toxicity-detector: {}, scam-detector: {}, fake-detector: {} }
`);
    const { apps, problems } = await renderZone(zone, {
      repository: REPOSITORY,
      kustomize: KUSTOMIZE,
      gpu: {},
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(
      apps.map(({ app, workload }) => [app, workload?.container]),
      [
        ["private-detector", "pd"],
        ["toxicity-detector", "toxicity"],
        ["scam-detector", "scam"],
        ["fake-detector", "fake"],
      ],
    );
    assert.doesNotMatch(JSON.stringify(apps), /nvidia\.com/);
  });
});

async function privateDetector(capabilities: string) {
  const zone = zoneOf(`
${capabilities}
apps: { private-detector: { overlay: bumble, components: [istio] } }
`);
  const { apps, problems } = await renderZone(zone, {
    repository: REPOSITORY,
    kustomize: KUSTOMIZE,
    gpu: {},
  });
  assert.deepEqual(problems, []);
  return apps[0]!.objects;
}

async function assertAccepted(name: string, config: string, gpu: GpuTarget): Promise<void> {
  const file = join(REPOSITORY, `tests/fixtures/acceptance/private-detector.${name}.yaml`);
  const expected = parse(await readFile(file, "utf8")) as object;
  const { apps, problems } = await renderZone(zoneOf(config, name), {
    repository: REPOSITORY,
    kustomize: KUSTOMIZE,
    gpu: { "private-detector": gpu },
  });
  assert.deepEqual(problems, []);
  const actual = apps[0]?.objects.find(({ kind }) => kind === "Deployment");
  assert.deepEqual(fieldsOf(actual, expected), expected);
}

/** The part of a value that stands in a pattern; lists must be as long as the pattern's. */
function fieldsOf(value: unknown, pattern: unknown): unknown {
  if (Array.isArray(pattern) && Array.isArray(value)) {
    return value.map((item, index) => fieldsOf(item, pattern[index]));
  }
  if (typeof pattern !== "object" || pattern === null || typeof value !== "object" || value === null)
    return value;
  return Object.fromEntries(
    Object.entries(pattern).map(([key, child]) => [
      key,
      fieldsOf((value as Record<string, unknown>)[key], child),
    ]),
  );
}
