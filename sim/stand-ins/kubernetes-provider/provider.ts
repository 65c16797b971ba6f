import type { EngineLog } from "../plugin/engine.ts";
import type { JsonMap } from "../plugin/protobuf.ts";
import { awaitReady, judge, notReady, skipsAwait, waitLimitMs, type Wait } from "./await/await.ts";
import { checkInputs, type DeclaredScopes } from "./check.ts";
import { Cluster, type ObjectAddress } from "./cluster.ts";
import { readConfig, type ProviderConfig } from "./config.ts";
import { addressOf, createObject, creationRefused, previewCreate } from "./create.ts";
import { deleteObject } from "./delete.ts";
import { diffInputs, type InputDiff } from "./diff.ts";
import { InitError, isNotFound, NoKindError, UnreachableError } from "./failure.ts";
import { objectId, objectKind, parseId, text, urnName, urnType, type ObjectKind } from "./object.ts";
import { hasUnknown, hideLike, hideSecretObject, revealMap } from "./property.ts";
import { appliedBy, liveInputs } from "./read.ts";
import { replaces } from "./replace-fields.ts";
import { fieldManagerOf, previewState, stateOf } from "./state.ts";
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

const defaultKindRetryMs = 60_000;
// Waits shorter than this are not worth a word.
const quietMs = 700;
// After a cancel, requests that write may still finish within this time.
const writeGraceMs = 2000;

/** One configured provider: what it does with objects, free of gRPC. Inputs and states carry the engine's secret marks. */
export class KubernetesProvider {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #log: () => EngineLog;
  readonly #stop = { reads: new AbortController(), writes: new AbortController() };
  readonly #declared: DeclaredScopes = new Map();
  #config: ProviderConfig | undefined;
  #cluster: Cluster | undefined;
  #dark: UnreachableError | undefined;

  constructor(environment: NodeJS.ProcessEnv, log: () => EngineLog) {
    this.#environment = environment;
    this.#log = log;
  }

  /** Takes provider inputs without secret marks. Nothing is contacted yet. */
  configure(inputs: JsonMap): void {
    this.#config = readConfig(inputs, this.#environment);
    const stop = { reads: this.#stop.reads.signal, writes: this.#stop.writes.signal };
    this.#cluster = new Cluster(this.#config, this.#environment, stop);
  }

  /** Completes inputs. */
  async check(
    urn: string,
    olds: JsonMap | undefined,
    news: JsonMap,
    randomSeed: Uint8Array,
  ): Promise<JsonMap> {
    const plain = revealMap(news);
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
    return hideLike(checked, news, "itemwise") as JsonMap;
  }

  /** Compares the inputs of two runs. */
  diff(urn: string, oldInputs: JsonMap, newInputs: JsonMap): InputDiff {
    const olds = revealMap(oldInputs);
    const news = revealMap(newInputs);
    return diffInputs(olds, news, replaces(objectKind(urnType(urn), news), this.#ready().config, olds));
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
    if (hasUnknown(plain) || this.#dark !== undefined) return inputs;
    const { cluster } = this.#ready();
    const dryRun = await previewCreate(cluster, kind, plain, fieldManagerOf(plain, {}), (error) => {
      this.#warnDark(error);
    }).catch((error: unknown) => {
      throw creationRefused(error, plain);
    });
    return dryRun === undefined ? inputs : previewState(dryRun, inputs, plain);
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
    const fieldManager = fieldManagerOf(plain, revealMap(oldState));
    const wait = this.#wait(urn, plain, timeoutSeconds);
    try {
      const updated = await updateObject(cluster, address, plain, { config, fieldManager, ignoreChanges });
      return await this.#settle(address, updated, inputs, fieldManager, wait);
    } catch (error) {
      if (error instanceof UnreachableError && config.skipUpdateUnreachable) {
        this.#log().log(
          "warning",
          urn,
          `${error.message}; the update is skipped as configured (skipUpdateUnreachable)`,
        );
        return { id, state: oldState };
      }
      throw updateRefused(error, plain);
    }
  }

  /** What an update would give; the inputs themselves where only the real run can tell. */
  async previewUpdate(urn: string, id: string, oldState: JsonMap, inputs: JsonMap): Promise<JsonMap> {
    const plain = revealMap(inputs);
    if (hasUnknown(plain) || this.#dark !== undefined) return inputs;
    const { cluster } = this.#ready();
    const address = addressIn(objectKind(urnType(urn), plain), id);
    const dryRun = await previewUpdate(
      cluster,
      address,
      plain,
      fieldManagerOf(plain, revealMap(oldState)),
      (error) => {
        this.#warnDark(error);
      },
    ).catch((error: unknown) => {
      throw updateRefused(error, plain);
    });
    return dryRun === undefined ? inputs : previewState(dryRun, inputs, plain);
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
      const found = hideSecretObject(hideLike(liveInputs(live, known), inputs, "itemwise") as JsonMap);
      const kept = text(plainState["__fieldManager"]) ?? appliedBy(live);
      const answer = { id: objectId(live), state: stateOf(live, inputs, kept), inputs: found };
      if (Object.keys(known).length === 0 || skipsAwait(known)) return answer;
      const verdict = await judge(kind, live, cluster);
      if (verdict.state === "ready") return answer;
      const error = await notReady(cluster, address, live, verdict, undefined);
      throw new PartialState(error.message, { ...answer, reasons: error.reasons });
    } catch (error) {
      if (isNotFound(error) || error instanceof NoKindError) return undefined;
      if (error instanceof UnreachableError && config.deleteUnreachable) return undefined;
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
