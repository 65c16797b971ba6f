import type { ApiClient } from "./client.ts";
import { isNotFound, NoKindError } from "./failure.ts";
import { apiVersion, mapsAt, text, type ObjectKind } from "./object.ts";

/** Where objects of one kind live on the API server. */
export interface ResourcePath {
  /** For example "/apis/apps/v1". */
  root: string;
  /** Plural name in the URL. */
  plural: string;
  namespaced: boolean;
}

// Cluster-wide kinds of the groups that every API server has; their other kinds are namespaced.
const clusterWide = new Map<string, readonly string[]>([
  ["", ["Namespace", "Node", "PersistentVolume", "ComponentStatus"]],
  ["apps", []],
  ["batch", []],
  ["autoscaling", []],
  ["policy", []],
  ["rbac.authorization.k8s.io", ["ClusterRole", "ClusterRoleBinding"]],
  ["networking.k8s.io", ["IngressClass", "IPAddress", "ServiceCIDR"]],
  ["storage.k8s.io", ["StorageClass", "VolumeAttachment", "CSIDriver", "CSINode", "VolumeAttributesClass"]],
  ["scheduling.k8s.io", ["PriorityClass"]],
  ["node.k8s.io", ["RuntimeClass"]],
  ["apiextensions.k8s.io", ["CustomResourceDefinition"]],
  ["apiregistration.k8s.io", ["APIService"]],
  [
    "admissionregistration.k8s.io",
    [
      "MutatingWebhookConfiguration",
      "ValidatingWebhookConfiguration",
      "MutatingAdmissionPolicy",
      "MutatingAdmissionPolicyBinding",
      "ValidatingAdmissionPolicy",
      "ValidatingAdmissionPolicyBinding",
    ],
  ],
  ["coordination.k8s.io", []],
  ["discovery.k8s.io", []],
  ["events.k8s.io", []],
  ["resource.k8s.io", ["DeviceClass", "ResourceSlice", "DeviceTaintRule"]],
]);

/** Whether a kind of a built-in group is namespaced; undefined when only the API server can say. */
export function builtInScope({ group, kind }: ObjectKind): boolean | undefined {
  const kinds = clusterWide.get(group);
  return kinds === undefined ? undefined : !kinds.includes(kind);
}

/** Kinds of one API server, asked once per group and version. */
export class Discovery {
  readonly #client: ApiClient;
  readonly #known = new Map<string, Promise<Map<string, ResourcePath>>>();

  constructor(client: ApiClient) {
    this.#client = client;
  }

  /** Finds a kind. Throws NoKindError when the server does not have it; a kind that comes later is then found. */
  async find(kind: ObjectKind, signal?: AbortSignal): Promise<ResourcePath> {
    const version = apiVersion(kind);
    let list = this.#known.get(version);
    if (list === undefined) {
      list = this.#list(kind, signal);
      this.#known.set(version, list);
      list.catch(() => this.#known.delete(version));
    }
    const found = (await list).get(kind.kind);
    if (found !== undefined) return found;
    this.#known.delete(version);
    throw new NoKindError(`no matches for kind "${kind.kind}" in version "${version}"`);
  }

  async #list(kind: ObjectKind, signal: AbortSignal | undefined): Promise<Map<string, ResourcePath>> {
    const root = kind.group === "" ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
    const kinds = new Map<string, ResourcePath>();
    try {
      const answer = await this.#client.send({ method: "GET", path: root, ...(signal && { signal }) });
      for (const resource of mapsAt(answer, "resources")) {
        const plural = text(resource["name"]) ?? "";
        const name = text(resource["kind"]);
        if (name === undefined || plural.includes("/")) continue;
        kinds.set(name, { root, plural, namespaced: resource["namespaced"] === true });
      }
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return kinds;
  }
}
