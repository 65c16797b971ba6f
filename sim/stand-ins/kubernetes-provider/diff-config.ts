import type { JsonMap } from "../plugin/protobuf.ts";
import { readConfig } from "./config.ts";
import { changesBetween } from "./diff.ts";
import { findEndpoint } from "./kubeconfig.ts";
import { text } from "./object.ts";
import { isUnknown } from "./property.ts";

/** What a change of provider config means. */
export interface ConfigDiff {
  /** Changed keys. */
  changed: string[];
  /** Changed keys because of which every object moves to another cluster. */
  replaces: string[];
}

const clusterKeys = ["kubeconfig", "context", "cluster"];

/**
 * Compares two provider configs (without secret marks). Where both name a clusterIdentifier only that decides;
 * otherwise the provider is replaced when kubeconfig, context or cluster changed and both configs lead to cluster
 * entries that differ, or when one of the three is not known yet.
 */
export async function diffConfig(olds: JsonMap, news: JsonMap): Promise<ConfigDiff> {
  const keys = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter((key) => key !== "version");
  const changed = keys.filter((key) => changesBetween(olds[key], news[key], []).length > 0);
  const before = text(olds["clusterIdentifier"]);
  const after = text(news["clusterIdentifier"]);
  if (before !== undefined && after !== undefined) {
    return { changed, replaces: before === after ? [] : ["clusterIdentifier"] };
  }
  const moved = changed.filter((key) => clusterKeys.includes(key));
  if (moved.some((key) => isUnknown(news[key]))) return { changed, replaces: moved };
  const [was, is] = await Promise.all([activeCluster(olds), activeCluster(news)]);
  return { changed, replaces: was !== undefined && is !== undefined && was !== is ? moved : [] };
}

/** The cluster entry that a config names; undefined when it names none, or leaves the kubeconfig to the operator. */
async function activeCluster(inputs: JsonMap): Promise<string | undefined> {
  if (text(inputs["kubeconfig"]) === undefined) return undefined;
  try {
    const { cluster } = await findEndpoint(readConfig(inputs, {}), {});
    return JSON.stringify(Object.entries(cluster).sort(([a], [b]) => (a < b ? -1 : 1)));
  } catch {
    return undefined;
  }
}
