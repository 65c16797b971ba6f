import { mkdir, rm } from "node:fs/promises";
import { ApiServer, clusterUid, openApiServer } from "./api-server.ts";
import type { Binaries } from "./binaries.ts";
import {
  COMPONENTS,
  controlPlaneAccess,
  createControlPlane,
  hasClusterData,
  lastLogLines,
  movePorts,
  startControlPlane,
} from "./control-plane.ts";
import { sharedLock, zoneNames, zonePlaces, type SimHome, type ZonePlaces } from "./home.ts";
import { writeZoneKubeconfig, zoneKubeconfig } from "./kubeconfig.ts";
import { withLock } from "./lock.ts";
import { chooseZonePorts, takenPorts } from "./ports.ts";
import { endProcesses, zoneProcesses } from "./processes.ts";
import { rememberStackFile, restoreStackFile } from "./stack-file.ts";
import { removeStackState } from "./stack-state.ts";
import { readZoneRecord, writeZoneRecord, type ZonePorts, type ZoneRecord } from "./zone-record.ts";

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 50;
/** Looking for a dead component reads every command line of the machine. */
const LOOK_MS = 1000;
/** Without these two there is no cluster: a start that loses one of them has damaged data. */
const VITAL = ["etcd", "kube-apiserver"];
/** A port may be taken between its choice and its use. */
const CREATE_ATTEMPTS = 3;

export interface ClusterOptions {
  /** Absolute path: where the zone's stack file lies. */
  readonly repository: string;
  readonly log: (line: string) => void;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
}

/** The data of a cluster are no cluster any more: nothing that is started on them lives. */
class DamagedData extends Error {
  override readonly name = "DamagedData";
}

/**
 * The zone's cluster, running: as it is, else started again, else, where its data are gone or damaged, created anew
 * with empty stack state. A slow machine or a taken port cost it nothing. The caller holds the zone's lock.
 * @throws with the components' last log lines when no cluster comes up; one that was created is not left behind then
 */
export async function runCluster(
  home: SimHome,
  places: ZonePlaces,
  binaries: Binaries,
  options: ClusterOptions,
): Promise<ZoneRecord> {
  return (
    (await keepRunning(places, binaries, options)) ??
    (await startAgain(home, places, binaries, options)) ??
    (await createAnew(home, places, binaries, options))
  );
}

/** UID of the cluster that answers at the zone's address; undefined: none does. */
export async function answeringUid(places: ZonePlaces): Promise<string | undefined> {
  try {
    const api = await openApiServer(places.kubeconfig);
    try {
      return await clusterUid(api);
    } finally {
      await api.close();
    }
  } catch {
    return undefined;
  }
}

/** The record when the zone's API server answers with the UID that we know; missing components are started. */
async function keepRunning(
  places: ZonePlaces,
  binaries: Binaries,
  { log, signal }: ClusterOptions,
): Promise<ZoneRecord | undefined> {
  const record = await readZoneRecord(places);
  const uid = record?.uid ?? undefined;
  if (record === undefined || uid === undefined || (await patientUid(places, log, signal)) !== uid)
    return undefined;
  const running = new Set((await zoneProcesses(places)).map((each) => each.component));
  const missing = COMPONENTS.filter((component) => !running.has(component));
  if (missing.length > 0) {
    log(`${places.name}: starting ${missing.join(", ")} again`);
    await startControlPlane(places, binaries, signal);
  }
  return record;
}

/** Asks again for as long as the zone's API server has a process: it may just be slow. */
async function patientUid(
  places: ZonePlaces,
  log: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const end = Date.now() + READY_TIMEOUT_MS;
  for (let attempt = 1; ; attempt++) {
    const uid = await answeringUid(places);
    signal?.throwIfAborted();
    if (uid !== undefined || Date.now() > end) return uid;
    const running = new Set((await zoneProcesses(places)).map((each) => each.component));
    if (!VITAL.every((component) => running.has(component))) return undefined;
    if (attempt === 1) log(`${places.name}: the API server runs and does not answer yet; asking again`);
    await new Promise((wake) => setTimeout(wake, LOOK_MS));
  }
}

/**
 * Starts a cluster whose processes are gone and whose data are there, on other ports where somebody took its own.
 * @returns undefined when the data are gone or damaged
 * @throws when it does not come up in time, its data kept
 */
async function startAgain(
  home: SimHome,
  places: ZonePlaces,
  binaries: Binaries,
  { log, signal }: ClusterOptions,
): Promise<ZoneRecord | undefined> {
  const record = await readZoneRecord(places);
  if (record === undefined || record.uid === null || !(await hasClusterData(places))) return undefined;
  log(`${places.name}: starting the cluster again`);
  try {
    await endProcesses(places);
    const taken = await stillTakenPorts(record.ports);
    if (taken.length > 0) log(`${places.name}: somebody else listens on ${taken.join(", ")}: other ports`);
    const started = taken.length === 0 ? record : await reserve(home, { log, signal }, places, record);
    await movePorts(places, started.ports);
    await startControlPlane(places, binaries, signal);
    const uid = await waitForCluster(places, started.ports, signal);
    if (uid !== record.uid) throw new DamagedData(`wanted the cluster ${record.uid}, got ${uid}`);
    return { ...started, startedAt: new Date().toISOString() };
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof DamagedData)) {
      const way = `run it again; if it never comes up: ./zones sim down ${places.name}`;
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n${way}`, { cause: error });
    }
    log(`${places.name}: the old cluster does not start, a new one takes its place (${firstLine(error)})`);
    return undefined;
  }
}

async function createAnew(
  home: SimHome,
  places: ZonePlaces,
  binaries: Binaries,
  options: ClusterOptions,
): Promise<ZoneRecord> {
  const before = await readZoneRecord(places);
  const stackFile = before?.stackFile ?? (await rememberStackFile(options.repository, places.name));
  options.log(`${places.name}: creating a cluster`);
  await endProcesses(places);
  // All but the record: a run that is killed here must not forget what the stack file was.
  const { kwok, kubeconfig, kwokctlConfig, kwokStages, simulatorLog } = places;
  const remains = [kwok, kubeconfig, kwokctlConfig, kwokStages, simulatorLog];
  await Promise.all(remains.map(remove));
  // Whatever the backend holds of this stack is about a cluster that is gone.
  await removeStackState(home, places.name);
  const blank: Omit<ZoneRecord, "ports"> = {
    format: 1,
    uid: null,
    startedAt: new Date().toISOString(),
    pids: {},
    nodes: [],
    nodesDigest: "",
    kubernetes: binaries["kube-apiserver"].version,
    stackFile,
  };
  try {
    for (let attempt = 1; ; attempt++) {
      const { signal } = options;
      const record = await reserve(home, options, places, blank);
      try {
        await createControlPlane(places, binaries, record.ports, signal);
        const created = { ...record, uid: await waitForCluster(places, record.ports, signal) };
        await writeZoneRecord(places, created);
        return created;
      } catch (error) {
        await endProcesses(places);
        signal?.throwIfAborted();
        const taken = await stillTakenPorts(record.ports);
        if (taken.length === 0 || attempt === CREATE_ATTEMPTS) throw error;
        options.log(
          `${places.name}: somebody else took ${taken.join(", ")} meanwhile: again, on other ports`,
        );
        await Promise.all([places.kwok, places.kubeconfig].map(remove));
      }
    }
  } catch (error) {
    await rm(places.directory, { recursive: true, force: true });
    await restoreStackFile(stackFile);
    throw error;
  }
}

/** A process that was just ended holds its ports a moment longer than its command line. */
async function stillTakenPorts(ports: ZonePorts): Promise<number[]> {
  const end = Date.now() + LOOK_MS;
  for (;;) {
    const taken = await takenPorts(ports);
    if (taken.length === 0 || Date.now() > end) return taken;
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
}

async function remove(place: string): Promise<void> {
  await rm(place, { recursive: true, force: true });
}

/** Chooses ports that no other zone has, and writes them down before anybody else may choose. */
async function reserve(
  home: SimHome,
  { log, signal }: Pick<ClusterOptions, "log" | "signal">,
  places: ZonePlaces,
  record: Omit<ZoneRecord, "ports">,
): Promise<ZoneRecord> {
  const choose = async (): Promise<ZoneRecord> => {
    const others = await Promise.all(
      (await zoneNames(home)).map((name) => readZoneRecord(zonePlaces(home, name))),
    );
    const taken = new Set(others.flatMap((other) => (other === undefined ? [] : Object.values(other.ports))));
    const reserved = { ...record, ports: await chooseZonePorts(taken) };
    await mkdir(places.directory, { recursive: true, mode: 0o700 });
    await writeZoneRecord(places, reserved);
    return reserved;
  };
  return withLock(sharedLock(home), "the list of simulated zones", log, choose, signal);
}

/**
 * Waits until the cluster can take pods, and writes the zone's kubeconfig.
 * @returns its UID
 * @throws DamagedData when etcd or the API server has ended, an error after 60 s, both with the last log lines
 */
async function waitForCluster(
  places: ZonePlaces,
  ports: ZonePorts,
  signal: AbortSignal | undefined,
): Promise<string> {
  const access = await controlPlaneAccess(places, ports);
  const api = new ApiServer(zoneKubeconfig(places.name, access));
  const end = Date.now() + READY_TIMEOUT_MS;
  let look = Date.now() + LOOK_MS;
  try {
    for (;;) {
      signal?.throwIfAborted();
      try {
        await api.get("/readyz");
        // Pods are refused until the controller manager has made this one.
        await api.get("/api/v1/namespaces/default/serviceaccounts/default");
        await writeZoneKubeconfig(places, access);
        return await clusterUid(api);
      } catch (error) {
        if (Date.now() > end) {
          const waited = `${places.name}: the cluster was not ready within ${READY_TIMEOUT_MS / 1000} s`;
          throw new Error(`${waited}: ${firstLine(error)}\n${await lastLogLines(places)}`, { cause: error });
        }
        if (Date.now() > look) {
          await requireVital(places);
          look = Date.now() + LOOK_MS;
        }
      }
      await new Promise((wake) => setTimeout(wake, POLL_MS));
    }
  } finally {
    await api.close();
  }
}

/** @throws DamagedData when a component has ended without which there is no cluster */
async function requireVital(places: ZonePlaces): Promise<void> {
  const running = new Set((await zoneProcesses(places)).map((each) => each.component));
  const dead = VITAL.filter((component) => !running.has(component));
  if (dead.length > 0)
    throw new DamagedData(`${dead.join(", ")} ended at once\n${await lastLogLines(places)}`);
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split("\n", 1)[0] ?? "";
}
