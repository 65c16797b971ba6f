import { rm } from "node:fs/promises";
import type { Zone } from "../plan/config/zone.ts";
import { openApiServer } from "./api-server.ts";
import { findBinaries } from "./binaries.ts";
import { createCapabilities } from "./capabilities.ts";
import { answeringUid, runCluster } from "./cluster.ts";
import { COMPONENTS } from "./control-plane.ts";
import {
  openHome,
  sharedLock,
  zoneLock,
  zoneNames,
  zonePlaces,
  type SimHome,
  type ZonePlaces,
} from "./home.ts";
import { writeSharedKubeconfig } from "./kubeconfig.ts";
import { withLock } from "./lock.ts";
import { nodesDigest, nodesOf } from "./node-manifest.ts";
import { rebootNodes, reconcileNodes, waitForNodes } from "./nodes.ts";
import { createPlatformObjects } from "./platform.ts";
import { endProcesses, zoneProcesses } from "./processes.ts";
import { startSimulator } from "./simulator-process.ts";
import { readStackFile, restoreStackFile, written } from "./stack-file.ts";
import { createStorageClass } from "./storage.ts";
import { removeStackState } from "./stack-state.ts";
import { readZoneRecord, writeZoneRecord } from "./zone-record.ts";

const SIMULATOR = "simulator";

/** A simulated zone as it is now. */
export interface SimZone {
  readonly name: string;
  /** UID of kube-system; undefined while the cluster has never answered. */
  readonly uid: string | undefined;
  /** Kubeconfig of this zone alone, with one context named as the zone. */
  readonly kubeconfig: string;
  readonly server: string;
  /** `broken`: some of its processes are missing, or its API server does not answer. */
  readonly state: "running" | "stopped" | "broken";
  readonly nodes: readonly string[];
  /** ISO 8601. */
  readonly startedAt: string;
  /** Running processes, by component. */
  readonly pids: Readonly<Record<string, number>>;
}

export interface SimOptions {
  /** Directory of the simulated zones (`simHome`). */
  readonly home: string;
  /** Progress, one line each. */
  readonly log: (line: string) => void;
  /** Aborted: what waits ends with its reason; what began to be removed is removed. */
  readonly signal?: AbortSignal | undefined;
}

export interface SimUpOptions extends SimOptions {
  /** Absolute path: where the zone's stack file lies. */
  readonly repository: string;
  /** Declared nodes that are not to exist, by name. */
  readonly absentNodes?: readonly string[];
}

/**
 * Brings the zone up: as it is when it runs, started again after a reboot (of its machines, too), else created anew
 * with empty stack state. Its nodes become those that the pools declare. Idempotent; heals what a killed run has left.
 * @throws with the components' last log lines when the control plane does not come up; nothing is left behind then
 */
export async function simUp(zone: Zone, options: SimUpOptions): Promise<SimZone> {
  const home = await openHome(options.home);
  const places = zonePlaces(home, zone.name);
  const { log, signal } = options;
  const work = async (): Promise<SimZone> => {
    const binaries = await findBinaries(log, signal);
    const before = await readZoneRecord(places);
    const record = await runCluster(home, places, binaries, options);
    const api = await openApiServer(places.kubeconfig);
    try {
      const nodes = nodesOf(zone, binaries["kube-apiserver"].version, options.absentNodes);
      if (before?.uid === record.uid && before.startedAt !== record.startedAt)
        await rebootNodes(api, record.startedAt);
      for (const line of await reconcileNodes(api, nodes)) log(line);
      await Promise.all([
        createStorageClass(api),
        createCapabilities(api, zone.capabilities),
        createPlatformObjects(api, zone),
      ]);
      const pids = await zonePids(places);
      const simulator = pids[SIMULATOR] ?? (await startSimulator(places, binaries.kubectl.path));
      const names = nodes.map((node) => node.metadata.name);
      await waitForNodes(api, names, signal);
      await writeZoneRecord(places, {
        ...record,
        pids: { ...pids, [SIMULATOR]: simulator },
        nodes: names,
        nodesDigest: nodesDigest(nodes),
      });
    } finally {
      await api.close();
    }
    await shareKubeconfig(home, log);
    return status(places);
  };
  return withLock(zoneLock(home, zone.name), `the simulated zone ${zone.name}`, log, work, signal);
}

/**
 * Takes the zone down: ends its processes, removes its directory, contexts and stack state, and takes out of its
 * stack file what Pulumi appended. Idempotent.
 */
export async function simDown(name: string, options: SimOptions): Promise<void> {
  const home = await openHome(options.home);
  const places = zonePlaces(home, name);
  const { log, signal } = options;
  const work = async (): Promise<void> => {
    const record = await readZoneRecord(places);
    await endProcesses(places);
    await removeStackState(home, name);
    if (record !== undefined) await restoreStackFile(record.stackFile);
    await rm(places.directory, { recursive: true, force: true });
    await shareKubeconfig(home, log);
  };
  await withLock(zoneLock(home, name), `the simulated zone ${name}`, log, work, signal);
}

/**
 * Runs what makes the zone's stack (`pulumi stack init`), and remembers what that wrote into the stack file, so that
 * `simDown` can undo it to the byte.
 */
export async function withStackInit(
  name: string,
  options: SimOptions,
  init: () => Promise<void>,
): Promise<void> {
  const home = await openHome(options.home);
  const places = zonePlaces(home, name);
  const { log, signal } = options;
  const work = async (): Promise<void> => {
    const record = await readZoneRecord(places);
    const file = record?.stackFile.path;
    const atInit = file === undefined ? null : await readStackFile(file);
    await init();
    const afterInit = file === undefined ? null : await readStackFile(file);
    if (record === undefined || atInit === afterInit) return;
    await writeZoneRecord(places, { ...record, stackFile: written(record.stackFile, atInit, afterInit) });
  };
  await withLock(zoneLock(home, name), `the simulated zone ${name}`, log, work, signal);
}

/** Every simulated zone there is, in alphabetical order. */
export async function simStatus(options: Pick<SimOptions, "home">): Promise<SimZone[]> {
  const home = await openHome(options.home);
  const names = await zoneNames(home);
  return Promise.all(names.map((name) => status(zonePlaces(home, name))));
}

async function status(places: ZonePlaces): Promise<SimZone> {
  const [record, pids, uid] = await Promise.all([
    readZoneRecord(places),
    zonePids(places),
    answeringUid(places),
  ]);
  const complete = [...COMPONENTS, SIMULATOR].every((component) => component in pids);
  const answers = uid !== undefined && uid === record?.uid;
  const stopped = Object.keys(pids).length === 0 && (record?.uid ?? undefined) !== undefined;
  return {
    name: places.name,
    uid: record?.uid ?? undefined,
    kubeconfig: places.kubeconfig,
    server: record === undefined ? "" : `https://127.0.0.1:${record.ports.apiServer}`,
    state: complete && answers ? "running" : stopped ? "stopped" : "broken",
    nodes: record?.nodes ?? [],
    startedAt: record?.startedAt ?? "",
    pids,
  };
}

async function zonePids(places: ZonePlaces): Promise<Record<string, number>> {
  const processes = await zoneProcesses(places);
  return Object.fromEntries(processes.map(({ component, pid }) => [component, pid]));
}

async function shareKubeconfig(home: SimHome, log: (line: string) => void): Promise<void> {
  await withLock(sharedLock(home), "the kubeconfig of simulated zones", log, () =>
    writeSharedKubeconfig(home),
  );
}
