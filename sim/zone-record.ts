import { readFile } from "node:fs/promises";
import writeFileAtomic from "write-file-atomic";
import { z } from "zod";
import type { ZonePlaces } from "./home.ts";

const ports = z.strictObject({
  etcd: z.int(),
  etcdPeer: z.int(),
  apiServer: z.int(),
  controllerManager: z.int(),
  scheduler: z.int(),
  kwok: z.int(),
});

/** TCP ports of a zone's components, all on 127.0.0.1. */
export type ZonePorts = z.infer<typeof ports>;

const record = z.object({
  format: z.literal(1),
  /** UID of kube-system; null until the cluster has answered for the first time. */
  uid: z.string().nullable(),
  ports,
  /** When the cluster was started last, ISO 8601. */
  startedAt: z.string(),
  /** Process ids by component, the simulator among them; a hint for people: running processes are found by path. */
  pids: z.record(z.string(), z.int()),
  /** Nodes as the pools declare them, without those left out. */
  nodes: z.array(z.string()),
  nodesDigest: z.string(),
  /** Version of the cluster's Kubernetes. */
  kubernetes: z.string(),
  /**
   * The stack file as it was before Pulumi used the simulated backend (text null: there was none), and as
   * `pulumi stack init` left it (written absent: not seen, or a person's edits were in it).
   */
  stackFile: z.strictObject({
    path: z.string(),
    text: z.string().nullable(),
    written: z.string().optional(),
  }),
});

/** `zone.json`: what has to be remembered of a simulated zone. */
export type ZoneRecord = z.infer<typeof record>;

/** Undefined when there is none, or what is there is none of ours (a torn file of a killed run). */
export async function readZoneRecord(places: ZonePlaces): Promise<ZoneRecord | undefined> {
  try {
    return record.safeParse(JSON.parse(await readFile(places.record, "utf8"))).data;
  } catch {
    return undefined;
  }
}

export async function writeZoneRecord(places: ZonePlaces, value: ZoneRecord): Promise<void> {
  await writeFileAtomic(places.record, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
}
