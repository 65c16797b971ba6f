import { readFile, readdir, rm } from "node:fs/promises";
import path from "node:path";
import writeFileAtomic from "write-file-atomic";
import { parse, stringify } from "yaml";
import { z } from "zod";
import type { SimHome, ZonePlaces } from "./home.ts";

const kubeconfig = z.object({
  clusters: z.array(
    z.object({
      name: z.string(),
      cluster: z.object({ server: z.string(), "certificate-authority-data": z.string() }),
    }),
  ),
  users: z.array(
    z.object({
      name: z.string(),
      user: z.object({ "client-certificate-data": z.string(), "client-key-data": z.string() }),
    }),
  ),
  contexts: z.array(
    z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: z.string() }) }),
  ),
});

type Kubeconfig = z.infer<typeof kubeconfig>;

/** What a client needs to talk to an API server; certificates as PEM. */
export interface ClusterAccess {
  readonly server: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A kubeconfig with one context, user and cluster of that name, certificates embedded. */
export function zoneKubeconfig(name: string, access: ClusterAccess): string {
  return render({
    clusters: [{ name, cluster: { server: access.server, "certificate-authority-data": encode(access.ca) } }],
    users: [
      {
        name,
        user: { "client-certificate-data": encode(access.cert), "client-key-data": encode(access.key) },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: name } }],
  });
}

/** The first context of a kubeconfig that zoneKubeconfig wrote. */
export function kubeconfigAccess(text: string): ClusterAccess {
  const config = read(text);
  const cluster = config?.clusters[0]?.cluster;
  const user = config?.users[0]?.user;
  if (cluster === undefined || user === undefined) {
    throw new Error("wanted a simulated zone's kubeconfig, got something else; run zones sim up again");
  }
  return {
    server: cluster.server,
    ca: decode(cluster["certificate-authority-data"]),
    cert: decode(user["client-certificate-data"]),
    key: decode(user["client-key-data"]),
  };
}

/** One kubeconfig with the contexts of all; texts that are no kubeconfig of ours are left out. */
export function mergeKubeconfigs(texts: readonly string[]): string {
  const configs = texts.map(read).filter((config) => config !== undefined);
  return render({
    clusters: configs.flatMap((config) => config.clusters),
    users: configs.flatMap((config) => config.users),
    contexts: configs.flatMap((config) => config.contexts),
  });
}

export async function writeZoneKubeconfig(places: ZonePlaces, access: ClusterAccess): Promise<void> {
  await writeFileAtomic(places.kubeconfig, zoneKubeconfig(places.name, access), { mode: 0o600 });
}

/**
 * Writes the shared kubeconfig anew from the zones' own files: what is there is the truth, nothing is remembered.
 * The caller holds the lock of the home.
 */
export async function writeSharedKubeconfig(home: SimHome): Promise<void> {
  const zones = (await readdir(home.zones)).toSorted();
  const texts = await Promise.all(
    zones.map((zone) => readFile(path.join(home.zones, zone, "kubeconfig"), "utf8").catch(() => "")),
  );
  const text = mergeKubeconfigs(texts);
  if (text === (await readFile(home.kubeconfig, "utf8").catch(() => undefined))) return;
  await writeFileAtomic(home.kubeconfig, text, { mode: 0o600 });
  await removeTorn(home);
}

/** Temporary files of a run that was killed while it wrote. */
async function removeTorn(home: SimHome): Promise<void> {
  const prefix = `${path.basename(home.kubeconfig)}.`;
  const torn = (await readdir(home.directory)).filter((entry) => entry.startsWith(prefix));
  await Promise.all(
    torn.map((entry) => rm(path.join(home.directory, entry), { force: true, recursive: true })),
  );
}

function read(text: string): Kubeconfig | undefined {
  try {
    return kubeconfig.safeParse(parse(text)).data;
  } catch {
    return undefined;
  }
}

function render(config: Kubeconfig): string {
  return stringify({ apiVersion: "v1", kind: "Config", preferences: {}, ...config }, { lineWidth: 0 });
}

function encode(text: string): string {
  return Buffer.from(text).toString("base64");
}

function decode(text: string): string {
  return Buffer.from(text, "base64").toString("utf8");
}
