import { isMap, type Json, type JsonMap } from "../plugin/protobuf.ts";
import { text } from "./object.ts";

/** What a provider resource says. */
export interface ProviderConfig {
  /** Path or content of a kubeconfig; undefined: the operator's own. */
  kubeconfig?: string;
  context?: string;
  /** Name of a cluster entry that replaces the context's own. */
  cluster?: string;
  /** Namespace of objects that name none; undefined: the context's. */
  namespace?: string;
  enableConfigMapMutable: boolean;
  enableSecretMutable: boolean;
  upsertExistingObjects: boolean;
  enablePatchForce: boolean;
  skipUpdateUnreachable: boolean;
  deleteUnreachable: boolean;
  /** Limit of one request to the API server, in milliseconds; default 32000. */
  timeoutMs: number;
}

const defaultTimeoutMs = 32_000;

/** Reads provider inputs; the SDK sends booleans and maps as JSON text. Throws on a time limit that is none. */
export function readConfig(inputs: JsonMap, environment: NodeJS.ProcessEnv): ProviderConfig {
  // The official plugin takes nothing but "true" for a yes, neither from the program nor from the environment.
  const flag = (key: string, variable: string): boolean => {
    const value = decoded(inputs[key]) ?? environment[variable];
    return value === true || value === "true";
  };
  const config: ProviderConfig = {
    enableConfigMapMutable: flag("enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"),
    enableSecretMutable: flag("enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
    upsertExistingObjects: flag("upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS"),
    enablePatchForce: flag("enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE"),
    skipUpdateUnreachable: flag("skipUpdateUnreachable", "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE"),
    deleteUnreachable: flag("deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE"),
    timeoutMs: timeout(decoded(inputs["kubeClientSettings"]), environment),
  };
  const kubeconfig =
    text(inputs["kubeconfig"]) ??
    (isMap(inputs["kubeconfig"]) ? JSON.stringify(inputs["kubeconfig"]) : undefined);
  const context = text(inputs["context"]);
  const cluster = text(inputs["cluster"]);
  const namespace = text(inputs["namespace"]);
  if (kubeconfig !== undefined) config.kubeconfig = kubeconfig;
  if (context !== undefined) config.context = context;
  if (cluster !== undefined) config.cluster = cluster;
  if (namespace !== undefined) config.namespace = namespace;
  return config;
}

function timeout(settings: Json | undefined, environment: NodeJS.ProcessEnv): number {
  const given =
    (isMap(settings) ? settings["timeout"] : undefined) ?? environment["PULUMI_K8S_CLIENT_TIMEOUT"];
  if (given === undefined || given === "") return defaultTimeoutMs;
  const seconds = Number(given);
  if (!Number.isFinite(seconds) || seconds <= 0) {
    throw new Error(
      `kubeClientSettings.timeout must be a number of seconds above 0, got ${JSON.stringify(given)}`,
    );
  }
  return seconds * 1000;
}

function decoded(value: Json | undefined): Json | undefined {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return value;
  }
}
