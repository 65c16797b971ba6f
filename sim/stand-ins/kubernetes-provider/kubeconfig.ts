import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { isMap, type JsonMap } from "../plugin/protobuf.ts";
import { UnreachableError } from "./failure.ts";
import { at, mapsAt, text } from "./object.ts";
import type { ProviderConfig } from "./config.ts";

/** One cluster as a kubeconfig describes it. */
export interface Endpoint {
  /** URL of the API server. */
  server: string;
  /** Namespace of objects that name none; default "default". */
  namespace: string;
  /** The kubeconfig's `cluster` entry, with file names made absolute. */
  cluster: JsonMap;
  /** The kubeconfig's `user` entry, with file names made absolute; empty: anonymous. */
  user: JsonMap;
}

/** Finds the cluster that provider config names. Throws UnreachableError in words when there is none. */
export async function findEndpoint(
  config: ProviderConfig,
  environment: NodeJS.ProcessEnv,
): Promise<Endpoint> {
  const merged = await loadKubeconfig(config.kubeconfig, environment);
  const contextName = config.context ?? text(merged["current-context"]);
  if (contextName === undefined)
    throw new UnreachableError("the kubeconfig has no current context and none is configured");
  const context = entry(merged, "contexts", "context", contextName);
  const clusterName = config.cluster ?? text(context["cluster"]) ?? "";
  const cluster = entry(merged, "clusters", "cluster", clusterName);
  const userName = text(context["user"]);
  const server = text(cluster["server"]);
  if (server === undefined)
    throw new UnreachableError(`cluster "${clusterName}" of the kubeconfig has no server`);
  return {
    server,
    namespace: config.namespace ?? text(context["namespace"]) ?? "default",
    cluster,
    user: userName === undefined ? {} : entry(merged, "users", "user", userName),
  };
}

function entry(kubeconfig: JsonMap, list: string, field: string, name: string): JsonMap {
  const found = mapsAt(kubeconfig, list).find((item) => item["name"] === name);
  const value = at(found, field);
  if (!isMap(value)) throw new UnreachableError(`${field} "${name}" does not exist in the kubeconfig`);
  return value;
}

async function loadKubeconfig(given: string | undefined, environment: NodeJS.ProcessEnv): Promise<JsonMap> {
  if (given !== undefined) {
    const file = given.startsWith("~/") ? path.join(homedir(), given.slice(2)) : given;
    return isFile(file) ? readKubeconfig(file) : parse(given, "provider config kubeconfig");
  }
  const listed = (environment["KUBECONFIG"] ?? "").split(path.delimiter).filter((file) => file !== "");
  const files = listed.length > 0 ? listed : [path.join(homedir(), ".kube", "config")];
  const present = await Promise.all(files.filter(isFile).map(readKubeconfig));
  if (present.length === 0) throw new UnreachableError(`no kubeconfig: ${files.join(", ")} does not exist`);
  // As kubectl does: of two entries with one name the first wins.
  const merged: JsonMap = {};
  for (const one of present) {
    merged["current-context"] ??= text(one["current-context"]);
    for (const list of ["clusters", "contexts", "users"]) {
      const known = mapsAt(merged, list);
      const more = mapsAt(one, list).filter((item) => !known.some(({ name }) => name === item["name"]));
      merged[list] = [...known, ...more];
    }
  }
  return merged;
}

function isFile(file: string): boolean {
  try {
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

async function readKubeconfig(file: string): Promise<JsonMap> {
  const parsed = await parse(readFileSync(file, "utf8"), file);
  const folder = path.dirname(path.resolve(file));
  const absolute = (map: JsonMap | undefined, keys: string[]) => {
    for (const key of keys) {
      const name = text(map?.[key]);
      if (map !== undefined && name !== undefined) map[key] = path.resolve(folder, name);
    }
  };
  for (const item of mapsAt(parsed, "clusters")) {
    absolute(isMap(item["cluster"]) ? item["cluster"] : undefined, ["certificate-authority"]);
  }
  for (const item of mapsAt(parsed, "users")) {
    absolute(isMap(item["user"]) ? item["user"] : undefined, [
      "client-certificate",
      "client-key",
      "tokenFile",
    ]);
  }
  return parsed;
}

async function parse(content: string, origin: string): Promise<JsonMap> {
  let parsed: unknown;
  try {
    parsed = content.trimStart().startsWith("{")
      ? JSON.parse(content)
      : ((await import("yaml")).parse(content) as unknown);
  } catch (error) {
    throw new UnreachableError(`failed to parse kubeconfig (${origin}): ${(error as Error).message}`);
  }
  if (!isMap(parsed)) {
    throw new UnreachableError(
      `failed to parse kubeconfig (${origin}): it is neither the name of a file nor a kubeconfig`,
    );
  }
  return parsed;
}
