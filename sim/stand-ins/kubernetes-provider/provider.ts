import type { EngineLog } from "../plugin/engine.ts";
import type { JsonMap } from "../plugin/protobuf.ts";
import { awaitReady, judge, notReady, skipsAwait, waitLimitMs, type Wait } from "./await/await.ts";
import { relinquish } from "./apply.ts";
import { checkInputs, scopeOf, type DeclaredScopes } from "./check.ts";
import { pause } from "./client.ts";
import { Cluster, type ObjectAddress } from "./cluster.ts";
import { readConfig, type ProviderConfig } from "./config.ts";
import { addressOf, createObject, creationRefused, previewCreate, type Clock } from "./create.ts";
import { deleteObject } from "./delete.ts";
import { diffInputs, type InputDiff } from "./diff.ts";
import { ApiError, InitError, isNotFound, NoKindError, UnreachableError } from "./failure.ts";
import {
  metadataOf,
  objectId,
  objectKind,
  parseId,
  urnName,
  urnType,
  withMetadata,
  type ObjectKind,
} from "./object.ts";
import { hasUnknown, hideObject, revealMap, withDashes } from "./property.ts";
import { liveInputs } from "./read.ts";
import { replaces } from "./replace-fields.ts";
import { fieldManagerOf, inputsIn, namedManager, previewState, stateOf } from "./state.ts";
import { unmodelledAnnotations, unmodelledOptions, type CheckFailure } from "./unmodelled.ts";
import { previewUpdate, updateObject, updateRefused } from "./update.ts";

/** The state of an object, with secret marks, under its id. */
export interface ObjectState {
  id: string;
  state: JsonMap;
}

/** An object that exists but is not ready: what the engine records of it. */
export class PartialState extends Error {
  readonly id: string;
  readonly reasons: string[];
  readonly state: JsonMap;
  readonly inputs: JsonMap;
  constructor(message: string, object: ObjectState & { reasons: string[]; inputs: JsonMap }) {
    super(message);
    this.id = object.id;
    this.reasons = object.reasons;
    this.state = object.state;
    this.inputs = object.inputs;
  }
}

/** How long a missing kind or namespace is waited for, in milliseconds, as the official plugin does. */
const defaultKindRetryMs = 60_000;
const realClock: Clock = { now: () => Date.now(), pause };
// Waits shorter than this are not worth a word.
const quietMs = 700;
// After a cancel, requests that write may still finish within this time.
const writeGraceMs = 2000;

/** One configured provider: what it does with objects, free of gRPC. Inputs and states carry the engine's secret marks. */
export class KubernetesProvider {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #log: () => EngineLog;
  readonly #clock: Clock;
  readonly #stop = { reads: new AbortController(), writes: new AbortController() };
  readonly #declared: DeclaredScopes = new Map();
  #config: ProviderConfig | undefined;
  #cluster: Cluster | undefined;
  #dark: UnreachableError | undefined;

  constructor(environment: NodeJS.ProcessEnv, log: () => EngineLog, clock = realClock) {
    this.#environment = environment;
    this.#log = log;
    this.#clock = clock;
  }

  /** Why provider inputs, without secret marks, cannot be taken; empty when they can. */
  checkConfig(inputs: JsonMap): CheckFailure[] {
    return unmodelledOptions(inputs, this.#environment);
  }

  /** Takes provider inputs without secret marks. Nothing is contacted yet. Throws where checkConfig finds something. */
  configure(inputs: JsonMap): void {
    const [refusal] = this.checkConfig(inputs);
    if (refusal !== undefined) throw new Error(refusal.reason);
    this.#config = readConfig(inputs, this.#environment);
    const stop = { reads: this.#stop.reads.signal, writes: this.#stop.writes.signal };
    this.#cluster = new Cluster(this.#config, this.#environment, stop);
  }

  /** Completes inputs, and says what of them is refused. */
  async check(
    urn: string,
    olds: JsonMap | undefined,
    news: JsonMap,
    randomSeed: Uint8Array,
  ): Promise<{ inputs: JsonMap; failures: CheckFailure[] }> {
    const spelled = withDashes(news) as JsonMap;
    const plain = revealMap(spelled);
    const kind = objectKind(urnType(urn), plain);
    const question = {
      kind,
      logicalName: urnName(urn),
      olds: olds && revealMap(olds),
      news: plain,
      randomSeed,
      declared: this.#declared,
    };
    const checked = await checkInputs(question, this.#ready().cluster);
    return { inputs: hideObject(checked, spelled), failures: unmodelledAnnotations(checked) };
  }

  /** Compares what the state has of the old inputs with the new ones: drift that a refresh has recorded counts. */
  async diff(urn: string, oldState: JsonMap, oldInputs: JsonMap, newInputs: JsonMap): Promise<InputDiff> {
    const state = revealMap(oldState);
    const known = revealMap(oldInputs);
    let news = revealMap(newInputs);
    let olds = liveInputs(state, Object.keys(known).length > 0 ? known : inputsIn(state));
    const kind = objectKind(urnType(urn), news);
    if (metadataOf(olds)["namespace"] !== metadataOf(news)["namespace"]) {
      [olds, news] = await this.#inScope(kind, olds, news);
    }
    return diffInputs(olds, news, replaces(kind, this.#ready().config, news));
  }

  /** Objects without a namespace that their kind does not have, or with the one that it means. */
  async #inScope(kind: ObjectKind, olds: JsonMap, news: JsonMap): Promise<[JsonMap, JsonMap]> {
    const namespaced = await scopeOf(kind, this.#declared, this.#ready().cluster);
    const place = (object: JsonMap) =>
      namespaced === false ? undefined : (metadataOf(object)["namespace"] ?? "default");
    return [withMetadata(olds, "namespace", place(olds)), withMetadata(news, "namespace", place(news))];
  }

  /** Creates an object and waits for it. Throws PartialState when it exists but is not ready. */
  async create(urn: string, inputs: JsonMap, timeoutSeconds: number): Promise<ObjectState> {
    const { cluster, config } = this.#ready();
    const plain = revealMap(inputs);
    const kind = objectKind(urnType(urn), plain);
    const fieldManager = fieldManagerOf(plain, {});
    const wait = this.#wait(urn, plain, timeoutSeconds);
    const options = {
      config,
      fieldManager,
      kindRetryMs: this.#kindRetryMs(),
      clock: this.#clock,
      signal: wait.signal,
      onStatus: wait.onStatus,
    };
    const created = await createObject(cluster, kind, plain, options).catch((error: unknown) => {
      throw creationRefused(error, plain);
    });
    return this.#settle(addressOf(kind, created), created, inputs, fieldManager, wait);
  }

  /** What a create would give; the inputs themselves where only the real run can tell. */
  async previewCreate(urn: string, inputs: JsonMap): Promise<JsonMap> {
    const plain = revealMap(inputs);
    const kind = objectKind(urnType(urn), plain);
    if (hasUnknown(plain) || this.#dark !== undefined) return hideObject(inputs, inputs);
    const { cluster, config } = this.#ready();
    const options = { config, fieldManager: fieldManagerOf(plain, {}) };
    const dryRun = await previewCreate(cluster, kind, plain, options, (error) => {
      this.#warnDark(error);
    }).catch((error: unknown) => {
      throw creationRefused(error, plain);
    });
    return dryRun === undefined ? hideObject(inputs, inputs) : previewState(dryRun, inputs, plain);
  }

  /** Applies new inputs and waits. Throws PartialState when the object is applied but not ready. */
  async update(
    urn: string,
    id: string,
    oldState: JsonMap,
    inputs: JsonMap,
    ignoreChanges: string[],
    timeoutSeconds: number,
  ): Promise<ObjectState> {
    const { cluster, config } = this.#ready();
    const plain = revealMap(inputs);
    const address = addressIn(objectKind(urnType(urn), plain), id);
    const before = revealMap(oldState);
    const formerManager = namedManager(inputsIn(before), before);
    const fieldManager = fieldManagerOf(plain, before);
    const wait = this.#wait(urn, plain, timeoutSeconds);
    try {
      const updated = await updateObject(cluster, address, plain, { config, fieldManager, ignoreChanges });
      const settled = await this.#settle(address, updated, inputs, fieldManager, wait);
      if (formerManager !== undefined && formerManager !== fieldManager) {
        await relinquish(cluster, address, plain, formerManager);
      }
      return settled;
    } catch (error) {
      if (error instanceof UnreachableError && config.skipUpdateUnreachable) {
        this.#log().log(
          "warning",
          urn,
          `${error.message}; the update is skipped as configured (skipUpdateUnreachable)`,
        );
        return { id, state: oldState };
      }
      throw await this.#refusedUpdate(error, address, inputs, fieldManager);
    }
  }

  /** A refused update of an object that exists: the engine keeps the object as it is, and tries again. */
  async #refusedUpdate(
    error: unknown,
    address: ObjectAddress,
    inputs: JsonMap,
    fieldManager: string,
  ): Promise<unknown> {
    const refusal = updateRefused(error, revealMap(inputs));
    if (!(error instanceof ApiError) || !(refusal instanceof Error)) return refusal;
    const live = await this.#ready()
      .cluster.get(address)
      .catch(() => undefined);
    if (live === undefined) return refusal;
    const state = stateOf(live, inputs, fieldManager);
    return new PartialState(refusal.message, {
      id: objectId(live),
      state,
      reasons: [refusal.message],
      inputs,
    });
  }

  /** What an update would give; the inputs themselves where only the real run can tell. */
  async previewUpdate(
    urn: string,
    id: string,
    oldState: JsonMap,
    inputs: JsonMap,
    ignoreChanges: string[],
  ): Promise<JsonMap> {
    const plain = revealMap(inputs);
    if (hasUnknown(plain) || this.#dark !== undefined) return hideObject(inputs, inputs);
    const { cluster, config } = this.#ready();
    const address = addressIn(objectKind(urnType(urn), plain), id);
    const options = { config, fieldManager: fieldManagerOf(plain, revealMap(oldState)), ignoreChanges };
    const dryRun = await previewUpdate(cluster, address, plain, options, (error) => {
      this.#warnDark(error);
    }).catch((error: unknown) => {
      throw updateRefused(error, plain);
    });
    return dryRun === undefined ? hideObject(inputs, inputs) : previewState(dryRun, inputs, plain);
  }

  /** Reads an object; undefined when it is gone. Throws PartialState when it is there but not ready. */
  async read(
    urn: string,
    id: string,
    state: JsonMap,
    inputs: JsonMap,
  ): Promise<(ObjectState & { inputs: JsonMap }) | undefined> {
    const { cluster, config } = this.#ready();
    const known = revealMap(inputs);
    const plainState = revealMap(state);
    const kind = objectKind(urnType(urn), Object.keys(known).length > 0 ? known : plainState);
    const address = addressIn(kind, id);
    try {
      const live = await cluster.get(address);
      const found = hideObject(liveInputs(live, known), inputs);
      const answer = {
        id: objectId(live),
        state: stateOf(live, found, fieldManagerOf(known, plainState)),
        inputs: found,
      };
      if (Object.keys(known).length === 0 || skipsAwait(known)) return answer;
      const verdict = await judge(kind, live, cluster);
      if (verdict.state === "ready") return answer;
      const error = await notReady(cluster, address, live, verdict, undefined);
      throw new PartialState(error.message, { ...answer, reasons: error.reasons });
    } catch (error) {
      if (isNotFound(error) || error instanceof NoKindError) return undefined;
      if (error instanceof UnreachableError && config.deleteUnreachable) return undefined;
      if (error instanceof UnreachableError && config.skipUpdateUnreachable) return { id, state, inputs };
      throw error;
    }
  }

  /** Deletes an object and waits until it is gone. */
  async delete(
    urn: string,
    id: string,
    state: JsonMap,
    oldInputs: JsonMap,
    timeoutSeconds: number,
  ): Promise<void> {
    const { cluster, config } = this.#ready();
    const inputs = revealMap(Object.keys(oldInputs).length > 0 ? oldInputs : state);
    const address = addressIn(objectKind(urnType(urn), inputs), id);
    try {
      const wait = this.#wait(urn, inputs, timeoutSeconds);
      await deleteObject(cluster, address, inputs, wait);
      wait.onStatus("");
    } catch (error) {
      if (!(error instanceof UnreachableError) || !config.deleteUnreachable) throw error;
      this.#log().log(
        "warning",
        urn,
        `${error.message}; only the state is deleted, as configured (deleteUnreachable)`,
      );
    }
  }

  /** Ends every wait at once; requests that write may still finish within 2 s. */
  cancel(): void {
    this.#stop.reads.abort();
    setTimeout(() => {
      this.#stop.writes.abort();
    }, writeGraceMs).unref();
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    this.cancel();
    await this.#cluster?.close();
  }

  async #settle(
    address: ObjectAddress,
    applied: JsonMap,
    inputs: JsonMap,
    fieldManager: string,
    wait: Wait,
  ): Promise<ObjectState> {
    const plain = revealMap(inputs);
    try {
      const live = skipsAwait(plain)
        ? applied
        : await awaitReady(this.#ready().cluster, address, applied, wait);
      wait.onStatus("");
      return { id: objectId(live), state: stateOf(live, inputs, fieldManager) };
    } catch (error) {
      if (!(error instanceof InitError)) throw error;
      const state = stateOf(error.live, inputs, fieldManager);
      const { reasons } = error;
      throw new PartialState(error.message, { id: objectId(error.live), state, reasons, inputs });
    }
  }

  #wait(urn: string, inputs: JsonMap, timeoutSeconds: number): Wait {
    const start = Date.now();
    let said = "";
    return {
      timeoutMs: waitLimitMs(inputs, timeoutSeconds),
      signal: this.#stop.reads.signal,
      onStatus: (message) => {
        const soon = Date.now() - start < quietMs && said === "";
        if (message !== said && !soon) this.#log().status(urn, (said = message));
      },
    };
  }

  #kindRetryMs(): number {
    const seconds = Number(this.#environment["GPU_ZONES_STAND_IN_KIND_RETRY_SECONDS"] ?? Number.NaN);
    return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : defaultKindRetryMs;
  }

  #warnDark(error: UnreachableError): void {
    if (this.#dark !== undefined) return;
    this.#dark = error;
    this.#log().log("warning", "", `${error.message}; the preview compares with the state alone`);
  }

  #ready(): { config: ProviderConfig; cluster: Cluster } {
    if (this.#config === undefined || this.#cluster === undefined)
      throw new Error("the provider is not configured yet");
    return { config: this.#config, cluster: this.#cluster };
  }
}

function addressIn(kind: ObjectKind, id: string): ObjectAddress {
  return { kind, ...parseId(id) };
}
