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
