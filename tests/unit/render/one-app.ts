import assert from "node:assert/strict";
import type { V1PodSpec } from "@kubernetes/client-node";
import type { KubernetesObject } from "../../../plan/object.ts";
import { podTemplate } from "../../../plan/workload.ts";
import type { GpuTarget } from "../../../plan/render/gpu-target.ts";
import { baseOf, deployment, renderTree, type Files } from "./tree.ts";
import { zoneOf } from "./zone-text.ts";

/** Renders the app `pd` with these keys in the zone. */
export async function render(
  files: Files,
  keys: string,
  gpu?: GpuTarget,
): Promise<readonly KubernetesObject[]> {
  const { apps, problems } = await renderTree(files, zoneOf(`apps:\n  pd: ${keys}\n`), {
    gpu: gpu ? { pd: gpu } : {},
  });
  assert.deepEqual(problems, []);
  return apps[0]!.objects;
}

/** The pod spec of the workload of a kind. */
export function podOf(objects: readonly KubernetesObject[], kind = "Deployment"): V1PodSpec {
  return podTemplate(objects.find((object) => object.kind === kind)!)!.spec!;
}

/** A Deployment with these containers, as YAML list items. */
export function withContainers(containers: string, more = ""): Files {
  return { ...baseOf("pd"), "apps/pd/base/deployment.yaml": deployment("pd", containers, more) };
}

/** A Deployment of one container with these lines. */
export const main = (lines: string): Files =>
  withContainers(
    `\n        - name: main\n          image: pd:1.0.0\n${lines.replaceAll(/^/gm, "          ")}\n`,
  );
