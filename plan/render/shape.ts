import type { KubernetesObject } from "../object.ts";
import { WORKLOAD_KINDS } from "../workload.ts";

/** Kinds whose `spec` is read here. */
const READ_KINDS: readonly string[] = [...WORKLOAD_KINDS, "HorizontalPodAutoscaler"];

/**
 * What the API server would refuse of the objects that rendering reads: no `spec`, or an empty item in a list (`env: [~]`).
 * @returns one sentence's end, such as `Deployment/pd without a spec`
 */
export function misshapen(objects: readonly KubernetesObject[]): string | undefined {
  for (const object of objects) {
    if (!READ_KINDS.includes(object.kind)) continue;
    const name = `${object.kind}/${object.metadata.name}`;
    const spec = object["spec"];
    if (!isMap(spec)) return `${name} without a spec`;
    const empty = emptyItem(spec, "spec");
    if (empty !== undefined) return `${name} with the empty item ${empty}`;
    const wrong = wrongContainers(spec);
    if (wrong !== undefined) return `${name} with ${wrong}`;
  }
  return undefined;
}

/** Path of the first list item that is null. */
function emptyItem(value: unknown, path: string): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, child] of Object.entries(value)) {
    const at = `${path}.${key}`;
    if (Array.isArray(value) && child === null) return at;
    const found = emptyItem(child, at);
    if (found !== undefined) return found;
  }
  return undefined;
}

function wrongContainers(spec: Record<string, unknown>): string | undefined {
  const job = spec["jobTemplate"];
  const template = isMap(job) && isMap(job["spec"]) ? job["spec"]["template"] : spec["template"];
  if (template === undefined || template === null) return undefined;
  const pod = isMap(template) ? template["spec"] : undefined;
  if (!isMap(pod)) return "a pod template without a spec";
  for (const key of ["containers", "initContainers", "ephemeralContainers", "volumes"]) {
    const list = pod[key] ?? [];
    if (!Array.isArray(list) || !list.every(isMap)) return `${key} that are no list of maps`;
    for (const item of list) {
      for (const inner of ["env", "envFrom", "ports"]) {
        const items = item[inner] ?? [];
        if (!Array.isArray(items) || !items.every(isMap)) return `${inner} that are no list of maps`;
      }
    }
  }
  return undefined;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
