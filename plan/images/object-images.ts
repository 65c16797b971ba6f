import type { KubernetesObject } from "../object.ts";

/** How an object names an image: it runs it, or hands the name to a program that starts pods of its own. */
export type ImageUse = "runs" | "starts";

/** An image with its tag or digest; other values of a variable whose name ends in IMAGE may be anything. */
const IMAGE =
  /^[a-zA-Z0-9][\w.-]*(:\d+)?(\/[\w.-]+)*(:[\w][\w.-]*(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})$/;
/** `VALIDATOR_IMAGE` and its like (gpu-operator v26.7.0: images of the validator's workload pods). */
const VARIABLE = /(^|_)IMAGE$/;
const CONTAINERS: readonly string[] = ["containers", "initContainers", "ephemeralContainers"];

type Change = (image: string, use: ImageUse) => string;
type Fields = Readonly<Record<string, unknown>>;

/** The object with every image changed, at any depth: pods in custom resources too. */
export function withImages(object: KubernetesObject, change: Change): KubernetesObject {
  return changed(object, change) as KubernetesObject;
}

/** Every image of an object; the same one as often as it is named. */
export function objectImages(object: KubernetesObject): { image: string; use: ImageUse }[] {
  const found: { image: string; use: ImageUse }[] = [];
  withImages(object, (image, use) => {
    found.push({ image, use });
    return image;
  });
  return found;
}

function changed(value: unknown, change: Change): unknown {
  if (Array.isArray(value)) return value.map((each) => changed(each, change));
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => {
      const below = changed(child, change);
      if (!Array.isArray(below)) return [key, below];
      return [key, below.map((each: unknown) => (isMap(each) ? item(key, each, change) : each))];
    }),
  );
}

/** An item of a list that may name an image. */
function item(list: string, fields: Fields, change: Change): Fields {
  const { image, name, value } = fields;
  if (CONTAINERS.includes(list) && typeof image === "string" && image !== "")
    return { ...fields, image: change(image, "runs") };
  if (list === "volumes" && isMap(image) && typeof image["reference"] === "string")
    return { ...fields, image: { ...image, reference: change(image["reference"], "runs") } };
  const isVariable = list === "env" && typeof name === "string" && VARIABLE.test(name);
  if (isVariable && typeof value === "string" && IMAGE.test(value))
    return { ...fields, value: change(value, "starts") };
  return fields;
}

function isMap(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
