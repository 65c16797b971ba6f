import type { JsonMap } from "../plugin/protobuf.ts";
import { ApiClient, type ApiRequest } from "./client.ts";
import type { ProviderConfig } from "./config.ts";
import { connect } from "./connection.ts";
import { Discovery, type ResourcePath } from "./discovery.ts";
import { findEndpoint, type Endpoint } from "./kubeconfig.ts";
import { apiVersion, mapsAt, type ObjectKind } from "./object.ts";

/** One object's address on the API server. */
export interface ObjectAddress {
  kind: ObjectKind;
  namespace?: string;
  name: string;
}

/** When to give up what is under way. Writes get longer: what the server has done must reach the engine's state. */
export interface StopSignals {
  reads: AbortSignal;
  writes: AbortSignal;
}

/** Objects of one cluster, by kind and name. A cluster that cannot be reached says so at the first call, not before. */
export class Cluster {
  readonly #endpoint: Promise<Endpoint>;
  readonly #client: Promise<ApiClient>;
  readonly #discovery: Promise<Discovery>;
  readonly #stop: StopSignals;

  constructor(config: ProviderConfig, environment: NodeJS.ProcessEnv, stop: StopSignals) {
    this.#stop = stop;
    this.#endpoint = findEndpoint(config, environment);
    this.#client = this.#endpoint.then((endpoint) => {
      if (!isLoopback(endpoint.server)) throw new Error(notSimulated(endpoint.server));
      return new ApiClient(endpoint.server, () => connect(endpoint), config.timeoutMs);
    });
    this.#discovery = this.#client.then((client) => new Discovery(client));
    for (const promise of [this.#endpoint, this.#client, this.#discovery]) promise.catch(() => undefined);
  }

  /** Namespace of objects that name none; "default" when there is no kubeconfig to ask. */
  async defaultNamespace(): Promise<string> {
    return this.#endpoint.then(
      ({ namespace }) => namespace,
      () => "default",
    );
  }

  /** Where a kind lives. Throws NoKindError, UnreachableError. */
  async find(kind: ObjectKind): Promise<ResourcePath> {
    return (await this.#discovery).find(kind, this.#stop.reads);
  }

  /** Reads an object. Throws ApiError 404 when there is none. */
  async get(address: ObjectAddress): Promise<JsonMap> {
    return this.request("GET", address);
  }

  /** Lists objects of a kind in a namespace. */
  async list(kind: ObjectKind, namespace: string, query: Record<string, string>): Promise<JsonMap[]> {
    const { root, plural } = await this.find(kind);
    const path = `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
    const answer = await this.#send({ method: "GET", path, query });
    return mapsAt(answer, "items").map((item) => ({
      apiVersion: apiVersion(kind),
      kind: kind.kind,
      ...item,
    }));
  }

  /** Sends one request about one object; POST goes to its collection. */
  async request(
    method: ApiRequest["method"],
    address: ObjectAddress,
    more: Pick<ApiRequest, "query" | "body" | "contentType"> = {},
  ): Promise<JsonMap> {
    const { root, plural, namespaced } = await this.find(address.kind);
    const scope = namespaced ? `/namespaces/${encodeURIComponent(address.namespace ?? "default")}` : "";
    const name = method === "POST" ? "" : `/${encodeURIComponent(address.name)}`;
    return this.#send({ method, path: `${root}${scope}/${plural}${name}`, ...more });
  }

  /** Closes the kept connections. */
  async close(): Promise<void> {
    await this.#client.then(
      (client) => client.close(),
      () => undefined,
    );
  }

  async #send(request: ApiRequest): Promise<JsonMap> {
    const signal = request.method === "GET" ? this.#stop.reads : this.#stop.writes;
    return (await this.#client).send({ ...request, signal });
  }
}

function isLoopback(server: string): boolean {
  const host = URL.canParse(server) ? new URL(server).hostname : "";
  return host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

function notSimulated(server: string): string {
  return `the API server ${server} is not on this machine, and the stand-in Kubernetes provider is for simulated zones only: install the official plugin (pulumi plugin install resource kubernetes) and take the stand-in off PATH`;
}
