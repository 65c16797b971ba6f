import assert from "node:assert/strict";
import { operandObjects } from "../../../components/operands/operands.ts";
import type { Zone } from "../../../plan/config/zone.ts";
import { zoneImages } from "../../../plan/images/zone-images.ts";
import { planned } from "../../../plan/planned-object.ts";
import { PROBE_RUN, probeJob } from "../../../plan/preflight/probe-job.ts";
import { zoneOf } from "../sim/zone-builder.ts";

const POOL = "a-pool-whose-name-is-as-long-as-a-pools-name-may-be-x";
const TAINT = { key: "team", value: "ml", effect: "NoExecute" as const };
const ZONE = zoneOf({ [POOL]: { product: "Tesla-T4", nodes: ["n1", "n2"], taints: [TAINT] } });

const imageOf = (zone: Zone): string =>
  probeJob(zone, POOL, ["n1"], "0123456789").spec?.template.spec?.containers[0]?.image ?? "";

describe("the Job that probes a pool's hosts", () => {
  const job = probeJob(ZONE, POOL, ["n1", "n2"], "0123456789");
  const pod = job.spec?.template.spec;

  it("has one pod for each of the nodes, and none elsewhere", () => {
    assert.equal(job.spec?.completions, 2);
    assert.equal(job.spec.parallelism, 2);
    const terms =
      pod?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
    assert.deepEqual(
      terms.flatMap(({ matchFields = [] }) => matchFields.map(({ key, values }) => [key, values])),
      [
        ["metadata.name", ["n1"]],
        ["metadata.name", ["n2"]],
      ],
    );
    const [apart] = pod?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const chosen = apart?.labelSelector?.matchLabels ?? {};
    const labels = job.spec.template.metadata?.labels ?? {};
    assert.deepEqual(
      Object.keys(chosen).filter((key) => labels[key] !== chosen[key]),
      [],
    );
    assert.equal(chosen[PROBE_RUN], "0123456789");
  });

  it("tolerates what the pool's operands tolerate", () => {
    assert.ok(
      pod?.tolerations?.some(
        ({ key, effect, value }) => key === "team" && effect === "NoExecute" && value === "ml",
      ),
    );
  });

  it("comes to a node that is cordoned, as the operands do", () => {
    assert.ok(
      pod?.tolerations?.some(
        ({ key, operator, effect }) =>
          key === "node.kubernetes.io/unschedulable" && operator === "Exists" && effect === "NoSchedule",
      ),
    );
  });

  it("pulls the image of the zone's validator, which zones images lists", () => {
    const validator = { image: "registry.corp/gpu/operator", version: "v26.7.0-fips" };
    for (const settings of [{}, { validator }]) {
      const zone = zoneOf({ [POOL]: { product: "Tesla-T4", os: "ubuntu22.04", nodes: ["n1"] } }, settings);
      const objects = operandObjects(zone).flatMap(({ name, objects: all }) =>
        all.map((object) => planned(name, object)),
      );
      for (const mirror of [undefined, "mirror.corp/gpu"]) {
        const image = imageOf(mirror === undefined ? zone : { ...zone, images: { mirror } });
        const listed = zoneImages(objects, mirror).map((each) => each.mirrored ?? each.image);
        assert.ok(listed.includes(image), `${image} is not among ${listed.join(", ")}`);
        assert.ok(image.endsWith("validator" in settings ? "v26.7.0-fips" : "/gpu-operator:v26.7.0"), image);
      }
    }
  });

  it("goes by itself when nobody deletes it, and holds no rights", () => {
    assert.ok((job.spec?.activeDeadlineSeconds ?? Infinity) <= 300);
    assert.ok((job.spec?.ttlSecondsAfterFinished ?? Infinity) <= 300);
    assert.equal(pod?.automountServiceAccountToken, false);
  });

  it("cannot write to the host's files", () => {
    assert.ok(
      pod?.containers.every(({ volumeMounts = [] }) => volumeMounts.every((mount) => mount.readOnly)),
    );
  });

  it("has a name that Kubernetes takes, and one of its own for each pool and run", () => {
    const names = [
      job,
      probeJob(ZONE, POOL, ["n1"], "0123456780"),
      probeJob(ZONE, `${POOL}y`, ["n1"], "0123456789"),
    ].map(({ metadata }) => metadata?.name ?? "");
    assert.equal(new Set(names).size, 3);
    for (const name of names) assert.match(name, /^[a-z0-9-]{1,57}$/);
  });
});
