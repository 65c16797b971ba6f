import { isMap, type Json, type JsonMap } from "../plugin/protobuf.ts";
import { autonamed, isAutonamed } from "./check.ts";
import { annotation, metadataOf, text } from "./object.ts";

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * The inputs that a live object stands for. With known inputs: the same fields with their live values, so that drift
 * in what we set shows, and nothing else. Without (an import), as the official provider does: what kubectl last applied, else only
 * the kind and an automatic name, so that the next `up` plans a replacement.
 */
export function liveInputs(live: JsonMap, known: JsonMap): JsonMap {
  if (Object.keys(known).length > 0) return withStringData(follow(known, live) as JsonMap, known, live);
  const applied = parsed(annotation(live, lastApplied));
  if (applied !== undefined) return applied;
  const inputs: JsonMap = { apiVersion: live["apiVersion"], kind: live["kind"] };
  if (!isAutonamed(live)) return inputs;
  const { name } = metadataOf(live);
  return { ...inputs, metadata: { name, annotations: { [autonamed]: "true" } } };
}

function parsed(json: string | undefined): JsonMap | undefined {
  try {
    const value: unknown = JSON.parse(json ?? "");
    return isMap(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The live value in the shape of a known one: fields that others added are left out. */
function follow(known: Json, live: Json): Json {
  if (isMap(known) && isMap(live)) {
    const followed: JsonMap = {};
    for (const [key, value] of Object.entries(known)) {
      const found = live[key];
      if (value !== undefined && found !== undefined) followed[key] = follow(value, found);
      // The server drops what says nothing; that is no drift.
      else if (value !== undefined && isEmpty(value)) followed[key] = value;
    }
    return followed;
  }
  if (Array.isArray(known) && Array.isArray(live)) return followList(known, live);
  return live;
}

function isEmpty(value: Json): boolean {
  return (
    value === "" ||
    value === false ||
    value === 0 ||
    (Array.isArray(value) ? value.length === 0 : isMap(value) && Object.keys(value).length === 0)
  );
}

/** Named items are matched by name, others by place when the lists are of one length. */
function followList(known: Json[], live: Json[]): Json[] {
  const names = known.map((item) => (isMap(item) ? text(item["name"]) : undefined));
  if (names.every((name) => name !== undefined) && new Set(names).size === names.length) {
    return known.flatMap((item, index) => {
      const found = live.find((candidate) => isMap(candidate) && candidate["name"] === names[index]);
      return found === undefined ? [] : [follow(item, found)];
    });
  }
  return live.map((item, index) => {
    const like = known[index];
    return known.length === live.length && like !== undefined ? follow(like, item) : item;
  });
}

/** The server turns a Secret's stringData into data; the live text of the same keys is there. */
function withStringData(inputs: JsonMap, known: JsonMap, live: JsonMap): JsonMap {
  const data = live["data"];
  if (live["kind"] !== "Secret" || !isMap(known["stringData"])) return inputs;
  const stringData: JsonMap = {};
  for (const key of Object.keys(known["stringData"])) {
    const encoded = isMap(data) ? data[key] : undefined;
    if (typeof encoded === "string") stringData[key] = Buffer.from(encoded, "base64").toString();
  }
  return { ...inputs, stringData };
}
