import { isMap, type Json, type JsonMap } from "../plugin/protobuf.ts";
import { isAutonamed } from "./check.ts";
import { metadataOf } from "./object.ts";
import { isUnknown } from "./property.ts";
import { sameQuantity } from "./quantity.ts";
import type { PathStep, Replaces } from "./replace-fields.ts";

/** One changed property. */
export interface Change {
  path: PathStep[];
  kind: "add" | "delete" | "update";
  /** The change needs a new object. */
  replace: boolean;
}

/** What differs between two runs' inputs. */
export interface InputDiff {
  changes: Change[];
  /** The old object has to go before the new one can take its name. */
  deleteBeforeReplace: boolean;
}

/** Compares what the cluster has of the last run's inputs with this run's; both without secret marks. */
export function diffInputs(olds: JsonMap, news: JsonMap, replaces: Replaces): InputDiff {
  const changes = changesBetween(olds, news, []).map((change) => ({
    ...change,
    replace: replaces(change.path, valueAt(news, change.path)),
  }));
  const replace = changes.some((change) => change.replace);
  return { changes, deleteBeforeReplace: replace && takesSameName(olds, news) };
}

function valueAt(value: Json, path: readonly PathStep[]): Json | undefined {
  return path.reduce<Json | undefined>((here, step) => {
    if (typeof step === "number") return Array.isArray(here) ? here[step] : undefined;
    return isMap(here) ? here[step] : undefined;
  }, value);
}

function takesSameName(olds: JsonMap, news: JsonMap): boolean {
  const before = metadataOf(olds);
  const after = metadataOf(news);
  return (
    after["name"] !== undefined &&
    !isAutonamed(news) &&
    after["name"] === before["name"] &&
    after["namespace"] === before["namespace"]
  );
}

/** Every leaf path at which two values differ; an unknown value differs from everything. */
export function changesBetween(
  before: Json | undefined,
  after: Json | undefined,
  path: PathStep[],
): Omit<Change, "replace">[] {
  if (after === undefined) return before === undefined ? [] : [{ path, kind: "delete" }];
  if (before === undefined) return [{ path, kind: "add" }];
  if (isUnknown(after)) return [{ path, kind: "update" }];
  if (isMap(before) && isMap(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => changesBetween(before[key], after[key], [...path, key]));
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, index) => index).flatMap((index) =>
      changesBetween(before[index], after[index], [...path, index]),
    );
  }
  return before === after || sameQuantity(path, before, after) ? [] : [{ path, kind: "update" }];
}

/** A path as the engine writes it: `spec.containers[0].image`, `metadata.labels["app.kubernetes.io/name"]`. */
export function propertyPath(path: readonly PathStep[]): string {
  return path
    .map((step, index) => {
      if (typeof step === "number") return `[${step}]`;
      if (/^[A-Za-z_$][\w$]*$/.test(step)) return index === 0 ? step : `.${step}`;
      return `[${JSON.stringify(step)}]`;
    })
    .join("");
}
