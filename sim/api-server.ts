import { readFile } from "node:fs/promises";
import { Agent, request } from "undici";
import { kubeconfigAccess } from "./kubeconfig.ts";

const TIMEOUT_MS = 5000;

export type PatchType = "merge-patch+json" | "strategic-merge-patch+json";

/** An answer of the API server that is not a success. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * A simulated zone's API server: the few calls that starting a zone needs. It never goes through a proxy and
 * refuses anything but loopback, so that no mistake in a file can point it at a real cluster.
 */
export class ApiServer {
  readonly server: string;
  readonly #agent: Agent;

  /** @param kubeconfig text of a kubeconfig with one context whose certificates are embedded */
  constructor(kubeconfig: string) {
    const access = kubeconfigAccess(kubeconfig);
    if (new URL(access.server).hostname !== "127.0.0.1") {
      throw new Error(`wanted a simulated zone's API server on 127.0.0.1, got ${access.server}`);
    }
    this.server = access.server;
    this.#agent = new Agent({
      connect: { ca: access.ca, cert: access.cert, key: access.key, timeout: TIMEOUT_MS },
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
  }

  async get<T>(path: string): Promise<T> {
    return (await this.#call("GET", path)) as T;
  }

  /** Like get, with undefined for what does not exist. */
  async find<T>(path: string): Promise<T | undefined> {
    try {
      return await this.get<T>(path);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  async create(path: string, object: object): Promise<void> {
    await this.#call("POST", path, object);
  }

  async patch(path: string, patch: object, type: PatchType = "merge-patch+json"): Promise<void> {
    await this.#call("PATCH", path, patch, `application/${type}`);
  }

  /** Deletes it; what does not exist is deleted already. */
  async delete(path: string): Promise<void> {
    try {
      await this.#call("DELETE", path);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }

  /** Ends its connections. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #call(
    method: "GET" | "POST" | "PATCH" | "DELETE",
    path: string,
    body?: object,
    type = "application/json",
  ): Promise<unknown> {
    const response = await request(`${this.server}${path}`, {
      method,
      dispatcher: this.#agent,
      headers: { "content-type": type, accept: "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.body.text();
    if (response.statusCode >= 400) {
      throw new ApiError(response.statusCode, `${method} ${path}: ${response.statusCode} ${reason(text)}`);
    }
    return parse(text);
  }
}

/** The API server of a kubeconfig file that `sim up` wrote. */
export async function openApiServer(kubeconfigFile: string): Promise<ApiServer> {
  return new ApiServer(await readFile(kubeconfigFile, "utf8"));
}

/** UID of kube-system, which is what tells one cluster from another. */
export async function clusterUid(api: ApiServer): Promise<string> {
  const namespace = await api.get<{ metadata: { uid: string } }>("/api/v1/namespaces/kube-system");
  return namespace.metadata.uid;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The API server's own message out of a Status object. */
function reason(text: string): string {
  const status = parse(text);
  const message =
    typeof status === "object" && status !== null && "message" in status ? status.message : undefined;
  return typeof message === "string" ? message : text.slice(0, 200);
}
