import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { KubernetesProvider } from "../../../sim/stand-ins/kubernetes-provider/provider.ts";
import type { JsonMap } from "../../../sim/stand-ins/plugin/protobuf.ts";

/** What an API server says: a status code and a body. */
export interface Reply {
  code: number;
  body: JsonMap;
}

/** One request that was made. */
export interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  body: JsonMap;
}

const resources: Record<string, JsonMap[]> = {
  "/api/v1": [
    { name: "configmaps", kind: "ConfigMap", namespaced: true },
    { name: "services", kind: "Service", namespaced: true },
    { name: "secrets", kind: "Secret", namespaced: true },
  ],
  "/apis/apps/v1": [{ name: "daemonsets", kind: "DaemonSet", namespaced: true }],
  "/apis/stand-ins.test/v1": [{ name: "broads", kind: "Broad", namespaced: false }],
};

/** An API server that says what a test wants to hear; it knows a few kinds and holds nothing. */
export class FakeApi {
  readonly asked: Asked[] = [];
  readonly #server: Server;
  #answer: (request: Asked) => Reply = () => refusal(404, "NotFound", "not found");

  private constructor() {
    this.#server = createServer((request, response) => {
      void read(request).then((asked) => {
        const kinds = resources[asked.path];
        if (kinds === undefined) this.asked.push(asked);
        const { code, body } = kinds ? { code: 200, body: { resources: kinds } } : this.#answer(asked);
        response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
      });
    });
  }

  static async start(): Promise<FakeApi> {
    const api = new FakeApi();
    await new Promise<void>((resolve) => api.#server.listen(0, "127.0.0.1", resolve));
    return api;
  }

  /** Answers every request about objects from now on. */
  answer(with_: (request: Asked) => Reply): void {
    this.#answer = with_;
  }

  get kubeconfig(): string {
    return kubeconfigFor(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A kubeconfig's content that leads to one API server. */
export function kubeconfigFor(server: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    clusters: [{ name: "c", cluster: { server } }],
    users: [{ name: "u", user: {} }],
  });
}

/** A refusal as an API server words it. */
export function refusal(code: number, reason: string, message: string): Reply {
  return { code, body: { kind: "Status", code, reason, message } };
}

/** A provider in this process, configured. */
export function providerFor(
  config: JsonMap,
  environment: NodeJS.ProcessEnv = {},
  clock?: ConstructorParameters<typeof KubernetesProvider>[2],
): KubernetesProvider {
  const log = { log: () => undefined, status: () => undefined };
  const provider = new KubernetesProvider(environment, () => log, clock);
  provider.configure(config);
  return provider;
}

/** A URN of a resource of a type. */
export function urnOf(type: string): string {
  return `urn:pulumi:test::stand-ins-test::${type}::thing`;
}

async function read(request: IncomingMessage): Promise<Asked> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  const url = new URL(request.url ?? "/", "http://localhost");
  const body = text === "" ? {} : (JSON.parse(text) as JsonMap);
  return { method: request.method ?? "", path: url.pathname, query: url.searchParams, body };
}
