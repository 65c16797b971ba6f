import { mkdir, rm } from "node:fs/promises";
import { ApiServer, clusterUid, openApiServer } from "./api-server.ts";
import type { Binaries } from "./binaries.ts";
import {
  COMPONENTS,
  controlPlaneAccess,
  createControlPlane,
  hasClusterData,
  lastLogLines,
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

export interface ClusterOptions {
  /** Absolute path: where the zone's stack file lies. */
  readonly repository: string;
  readonly log: (line: string) => void;
}

/**
 * The zone's cluster, running: as it is, else started again, else created anew with empty stack state.
 * The caller holds the zone's lock.
 * @throws with the components' last log lines when no cluster comes up; nothing is left behind then
 */
export async function runCluster(
  home: SimHome,
  places: ZonePlaces,
  binaries: Binaries,
  options: ClusterOptions,
): Promise<ZoneRecord> {
  return (
    (await keepRunning(places, binaries, options)) ??
    (await startAgain(places, binaries, options)) ??
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
  { log }: ClusterOptions,
): Promise<ZoneRecord | undefined> {
  const record = await readZoneRecord(places);
  const uid = record?.uid ?? undefined;
  if (record === undefined || uid === undefined || (await answeringUid(places)) !== uid) return undefined;
  const running = new Set((await zoneProcesses(places)).map((each) => each.component));
  const missing = COMPONENTS.filter((component) => !running.has(component));
  if (missing.length > 0) {
    log(`${places.name}: starting ${missing.join(", ")} again`);
    await startControlPlane(places, binaries);
  }
  return record;
}

/** Starts a cluster whose processes are gone and whose data are there; undefined when that is not so or fails. */
async function startAgain(
  places: ZonePlaces,
  binaries: Binaries,
  { log }: ClusterOptions,
): Promise<ZoneRecord | undefined> {
  const record = await readZoneRecord(places);
  if (record === undefined || record.uid === null || !(await hasClusterData(places))) return undefined;
  log(`${places.name}: starting the cluster again`);
  try {
    await endProcesses(places);
    const taken = await takenPorts(record.ports);
    if (taken.length > 0) throw new Error(`somebody else listens on ${taken.join(", ")}`);
    await startControlPlane(places, binaries);
    const uid = await waitForCluster(places, record.ports);
    if (uid !== record.uid) throw new Error(`wanted the cluster ${record.uid}, got ${uid}`);
    return { ...record, startedAt: new Date().toISOString() };
  } catch (error) {
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
  const remains = [places.kwok, places.kubeconfig, places.kwokctlConfig, places.simulatorLog];
  await Promise.all(remains.map((each) => rm(each, { recursive: true, force: true })));
  // Whatever the backend holds of this stack is about a cluster that is gone.
  await removeStackState(home, places.name);
  const record = await reserve(home, options.log, places, {
    format: 1,
    uid: null,
    startedAt: new Date().toISOString(),
    pids: {},
    nodes: [],
    nodesDigest: "",
    kubernetes: binaries["kube-apiserver"].version,
    stackFile,
  });
  try {
    await createControlPlane(places, binaries, record.ports);
    const created = { ...record, uid: await waitForCluster(places, record.ports) };
    await writeZoneRecord(places, created);
    return created;
  } catch (error) {
    await endProcesses(places);
    await rm(places.directory, { recursive: true, force: true });
    await restoreStackFile(stackFile);
    throw error;
  }
}

/** Chooses ports that no other zone has, and writes them down before anybody else may choose. */
async function reserve(
  home: SimHome,
  log: (line: string) => void,
  places: ZonePlaces,
  record: Omit<ZoneRecord, "ports">,
): Promise<ZoneRecord> {
  return withLock(sharedLock(home), "the list of simulated zones", log, async () => {
    const others = await Promise.all(
      (await zoneNames(home)).map((name) => readZoneRecord(zonePlaces(home, name))),
    );
    const taken = new Set(others.flatMap((other) => (other === undefined ? [] : Object.values(other.ports))));
    const reserved = { ...record, ports: await chooseZonePorts(taken) };
    await mkdir(places.directory, { recursive: true, mode: 0o700 });
    await writeZoneRecord(places, reserved);
    return reserved;
  });
}

/**
 * Waits until the cluster can take pods, and writes the zone's kubeconfig.
 * @returns its UID
 * @throws after 60 s, with the components' last log lines
 */
async function waitForCluster(places: ZonePlaces, ports: ZonePorts): Promise<string> {
  const access = await controlPlaneAccess(places, ports);
  const api = new ApiServer(zoneKubeconfig(places.name, access));
  const end = Date.now() + READY_TIMEOUT_MS;
  try {
    for (;;) {
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
      }
      await new Promise((wake) => setTimeout(wake, POLL_MS));
    }
  } finally {
    await api.close();
  }
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split("\n", 1)[0] ?? "";
}
