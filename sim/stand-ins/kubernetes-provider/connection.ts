import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { isMap, type JsonMap } from "../plugin/protobuf.ts";
import { UnreachableError } from "./failure.ts";
import type { Endpoint } from "./kubeconfig.ts";
import { text } from "./object.ts";

/** How to talk to an API server: kept connections and, per request, who asks. */
export interface Connection {
  agent: http.Agent;
  /** Headers that authorise a request; asked anew for each, since tokens expire. */
  headers: () => Promise<Record<string, string>>;
}

// Enough for the engine's default of parallel operations; more would only queue on the server.
const agentOptions = { keepAlive: true, maxSockets: 64, scheduling: "lifo" } as const;

/** Opens kept connections to an endpoint. Throws UnreachableError when a named file cannot be read. */
export async function connect(endpoint: Endpoint): Promise<Connection> {
  if (needsLibrary(endpoint)) return connectWithLibrary(endpoint);
  const { cluster, user } = endpoint;
  const certificateAuthority = material(cluster, "certificate-authority");
  const certificate = material(user, "client-certificate");
  const key = material(user, "client-key");
  const options: https.AgentOptions = { ...agentOptions };
  if (certificateAuthority !== undefined) options.ca = certificateAuthority;
  if (certificate !== undefined) options.cert = certificate;
  if (key !== undefined) options.key = key;
  if (cluster["insecure-skip-tls-verify"] === true) options.rejectUnauthorized = false;
  const serverName = text(cluster["tls-server-name"]);
  if (serverName !== undefined) options.servername = serverName;
  return { agent: agentFor(endpoint, options), headers: () => Promise.resolve(authorization(user)) };
}

function agentFor(endpoint: Endpoint, options: https.AgentOptions): http.Agent {
  return endpoint.server.startsWith("http:") ? new http.Agent(agentOptions) : new https.Agent(options);
}

/** Login helpers and proxies are the library's; it costs half a second to load, so plain credentials do without. */
function needsLibrary({ cluster, user }: Endpoint): boolean {
  return isMap(user["exec"]) || isMap(user["auth-provider"]) || text(cluster["proxy-url"]) !== undefined;
}

async function connectWithLibrary(endpoint: Endpoint): Promise<Connection> {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const kubeconfig = new KubeConfig();
  kubeconfig.loadFromString(
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "cluster", cluster: endpoint.cluster }],
      users: [{ name: "user", user: endpoint.user }],
      contexts: [{ name: "context", context: { cluster: "cluster", user: "user" } }],
      "current-context": "context",
    }),
  );
  const options: https.RequestOptions = {};
  await kubeconfig.applyToHTTPSOptions(options);
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  const tls = Object.entries({ ca, cert, key, servername, rejectUnauthorized }).filter(
    ([, value]) => value !== undefined,
  );
  const proxied = text(endpoint.cluster["proxy-url"]) !== undefined && options.agent instanceof http.Agent;
  return {
    agent: proxied
      ? (options.agent as http.Agent)
      : agentFor(endpoint, { ...agentOptions, ...Object.fromEntries(tls) }),
    headers: async () => {
      const fresh: https.RequestOptions = {};
      await kubeconfig.applyToHTTPSOptions(fresh);
      return (fresh.headers ?? {}) as Record<string, string>;
    },
  };
}

/** Inline `<name>-data` wins over the file `<name>`, as in kubectl. */
function material(map: JsonMap, name: string): Buffer | undefined {
  const inline = text(map[`${name}-data`]);
  if (inline !== undefined) return Buffer.from(inline, "base64");
  const file = text(map[name]);
  return file === undefined ? undefined : readMaterial(file, name);
}

function readMaterial(file: string, what: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UnreachableError(`the kubeconfig's ${what} cannot be read: ${(error as Error).message}`);
  }
}

function authorization(user: JsonMap): Record<string, string> {
  const tokenFile = text(user["tokenFile"]);
  const token =
    tokenFile === undefined ? text(user["token"]) : readMaterial(tokenFile, "tokenFile").toString().trim();
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  const name = text(user["username"]);
  if (name === undefined) return {};
  const pair = `${name}:${text(user["password"]) ?? ""}`;
  return { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
}
