import { isMap, type Json, type JsonMap } from "../plugin/protobuf.ts";
import type { Cluster, ObjectAddress } from "./cluster.ts";
import type { ProviderConfig } from "./config.ts";
import { ApiError } from "./failure.ts";
import { annotationIsTrue, mapsAt, metadataOf, objectId, text } from "./object.ts";

/** How an object is applied. */
export interface ApplyOptions {
  fieldManager: string;
  /** Take fields from other managers instead of failing. */
  force: boolean;
  /** Ask the server what it would do, and write nothing. */
  dryRun: boolean;
}

const applyType = "application/apply-patch+yaml"; // JSON is YAML

/** Server-side apply. Throws ApiError; a conflict is an error that names the other managers. */
export async function apply(
  cluster: Cluster,
  address: ObjectAddress,
  object: JsonMap,
  options: ApplyOptions,
): Promise<JsonMap> {
  const query: Record<string, string> = {
    fieldManager: options.fieldManager,
    force: String(options.force),
    fieldValidation: "Warn",
  };
  if (options.dryRun) query["dryRun"] = "All";
  try {
    return await cluster.request("PATCH", address, { query, body: object, contentType: applyType });
  } catch (error) {
    throw explainConflict(error, object, options.fieldManager);
  }
}

/** True when an object's own annotation, or the provider, asks to take fields from other managers. */
export function forces(object: JsonMap, config: Pick<ProviderConfig, "enablePatchForce">): boolean {
  return config.enablePatchForce || annotationIsTrue(object, "pulumi.com/patchForce");
}

/** Name under which a new object is created: a later update takes over what it owns. */
export const creator = "pulumi-kubernetes";

/** True when a dry run cannot tell real conflicts: the taking over that an update begins with has not happened. */
export function awaitsTakeOver(live: JsonMap): boolean {
  const names = [creator, `${creator}.exe`, "pulumi-resource-kubernetes"];
  return mapsAt(live, "metadata", "managedFields").some(
    (entry) => entry["operation"] === "Update" && names.includes(text(entry["manager"]) ?? ""),
  );
}

function explainConflict(error: unknown, object: JsonMap, fieldManager: string): unknown {
  if (!(error instanceof ApiError) || error.code !== 409) return error;
  const causes = mapsAt(error.details, "causes").map((cause) => {
    const field = text(cause["field"]) ?? "?";
    return `${field}: ${text(cause["message"]) ?? "conflict"}`;
  });
  const message = [
    `Server-side apply of "${objectId(object)}" by field manager "${fieldManager}" met a field conflict: ${error.message}`,
    ...causes.map((cause) => `  ${cause}`),
    'Remove the field from the program, give it up in the other manager, or force with the annotation "pulumi.com/patchForce" or PULUMI_K8S_ENABLE_PATCH_FORCE=true.',
  ].join("\n");
  return new ApiError(error.code, error.reason, message, error.details);
}

// What the official provider takes over before it applies: hand edits by kubectl, and objects made without apply.
const takenOver: readonly { prefix: string; operation: string }[] = [
  { prefix: "kubectl", operation: "Apply" },
  { prefix: "kubectl", operation: "Update" },
  { prefix: "before-first-apply", operation: "Update" },
  { prefix: creator, operation: "Update" },
  { prefix: "pulumi-resource-kubernetes", operation: "Update" },
];

/** The managedFields list after `fieldManager` has taken over kubectl's entries; undefined when nothing changes. */
export function takeOver(live: JsonMap, fieldManager: string): JsonMap[] | undefined {
  const entries = mapsAt(live, "metadata", "managedFields");
  const taken = entries.filter(
    (entry) =>
      text(entry["subresource"]) === undefined &&
      takenOver.some(
        ({ prefix, operation }) =>
          entry["operation"] === operation && (text(entry["manager"]) ?? "").startsWith(prefix),
      ),
  );
  if (taken.length === 0) return undefined;
  const isOwn = (entry: JsonMap) => entry["manager"] === fieldManager && entry["operation"] === "Apply";
  const own = entries.find(isOwn);
  const [first, ...rest] = own === undefined ? taken : [own, ...taken];
  if (first === undefined) return undefined;
  const fields = rest.reduce<Json>(
    (union, entry) => unite(union, entry["fieldsV1"] ?? {}),
    first["fieldsV1"] ?? {},
  );
  const others = entries.filter((entry) => !isOwn(entry) && !taken.includes(entry));
  return [...others, { ...first, manager: fieldManager, operation: "Apply", fieldsV1: fields }];
}

function unite(left: Json, right: Json): Json {
  if (!isMap(left) || !isMap(right)) return left;
  const union: JsonMap = { ...left };
  for (const [key, value] of Object.entries(right)) {
    if (value !== undefined) union[key] = unite(union[key] ?? {}, value);
  }
  return union;
}

// A controller may write the object's status between the look and the patch.
const takeOverAttempts = 5;

/**
 * Makes `fieldManager` the owner of what kubectl owned and of what our own create wrote, so that its apply can change
 * and remove it. Returns the object as it then is; nothing is written when another has changed it since it was read.
 */
export async function takeOverManagers(
  cluster: Cluster,
  address: ObjectAddress,
  fieldManager: string,
): Promise<JsonMap> {
  for (let attempt = 1; ; attempt += 1) {
    const live = await cluster.get(address);
    const managedFields = takeOver(live, fieldManager);
    if (managedFields === undefined) return live;
    try {
      return await cluster.request("PATCH", address, {
        contentType: "application/json-patch+json",
        body: [
          { op: "replace", path: "/metadata/managedFields", value: managedFields },
          { op: "replace", path: "/metadata/resourceVersion", value: metadataOf(live)["resourceVersion"] },
        ],
      });
    } catch (error) {
      const raced = error instanceof ApiError && error.code === 409 && attempt < takeOverAttempts;
      if (!raced) throw error;
    }
  }
}

/** Gives up all fields of a manager that an object no longer uses. */
export async function relinquish(
  cluster: Cluster,
  address: ObjectAddress,
  object: JsonMap,
  fieldManager: string,
): Promise<void> {
  const { name, namespace } = metadataOf(object);
  const identity = { apiVersion: object["apiVersion"], kind: object["kind"], metadata: { name, namespace } };
  await apply(cluster, address, identity, { fieldManager, force: false, dryRun: false });
}
