import { spawn, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import type * as provider_grpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import type * as provider_pb from "@pulumi/pulumi/proto/provider_pb.js";
import type * as status_pb from "@pulumi/pulumi/proto/status_pb.js";
import { Empty, fromStruct, toStruct, type JsonMap } from "../../../sim/stand-ins/plugin/protobuf.ts";

const require = createRequire(import.meta.url);
const grpc = require("@pulumi/pulumi/proto/provider_grpc_pb") as typeof provider_grpc;
const messages = require("@pulumi/pulumi/proto/provider_pb") as typeof provider_pb;
const { Status } = require("@pulumi/pulumi/proto/status_pb") as typeof status_pb;
const launcher = path.join(import.meta.dirname, "../../../sim/stand-ins/bin/pulumi-resource-kubernetes");

/** The answer of a provider that keeps an object which is not ready. */
export interface PartialAnswer {
  id: string;
  reasons: string[];
  properties: JsonMap;
  inputs: JsonMap;
}

/** What Diff says. */
export interface DiffAnswer {
  changed: boolean;
  deleteBeforeReplace: boolean;
  replaces: string[];
  /** Property path → kind of change. */
  details: Record<string, string>;
}

/** A provider process, spoken to as the engine does. */
export class ProviderProcess {
  readonly child: ChildProcess;
  readonly #client: provider_grpc.ResourceProviderClient;

  private constructor(child: ChildProcess, port: string) {
    this.child = child;
    this.#client = new grpc.ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
  }

  /** Starts the provider through its launcher and configures it. */
  static async start(config: JsonMap, env: NodeJS.ProcessEnv = {}): Promise<ProviderProcess> {
    const clean = Object.entries(process.env).filter(([name]) => !/^(PULUMI|KUBE)/.test(name));
    const child = spawn(launcher, ["127.0.0.1:1"], {
      stdio: ["pipe", "pipe", "ignore"],
      env: { ...Object.fromEntries(clean), GPU_ZONES_STAND_IN_KIND_RETRY_SECONDS: "1", ...env },
    });
    const port = await new Promise<string>((resolve, reject) => {
      createInterface(child.stdout)
        .once("line", resolve)
        .once("close", () => {
          reject(new Error("the provider ended before it printed its port"));
        });
    });
    const provider = new ProviderProcess(child, port);
    const request = new messages.ConfigureRequest().setArgs(toStruct(config));
    await unary((callback) => provider.#client.configure(request, callback));
    return provider;
  }

  async checkConfig(news: JsonMap): Promise<string[]> {
    const request = new messages.CheckRequest().setNews(toStruct(news));
    const answer = await unary<provider_pb.CheckResponse>((callback) =>
      this.#client.checkConfig(request, callback),
    );
    return answer.getFailuresList().map((failure) => `${failure.getProperty()}: ${failure.getReason()}`);
  }

  async check(type: string, news: JsonMap, olds?: JsonMap): Promise<JsonMap> {
    const request = new messages.CheckRequest().setUrn(urn(type)).setNews(toStruct(news));
    if (olds !== undefined) request.setOlds(toStruct(olds));
    const answer = await unary<provider_pb.CheckResponse>((callback) =>
      this.#client.check(request, callback),
    );
    const refused = answer.getFailuresList().map((failure) => failure.getReason());
    if (refused.length > 0) throw new Error(refused.join("\n"));
    return fromStruct(answer.getInputs());
  }

  /** Compares new inputs with old ones that the cluster holds as they are. */
  async diff(type: string, olds: JsonMap, news: JsonMap): Promise<DiffAnswer> {
    const request = new messages.DiffRequest()
      .setUrn(urn(type))
      .setNews(toStruct(news))
      .setOlds(toStruct(olds))
      .setOldInputs(toStruct(olds));
    return diffAnswer(
      await unary<provider_pb.DiffResponse>((callback) => this.#client.diff(request, callback)),
    );
  }

  async diffConfig(olds: JsonMap, news: JsonMap): Promise<DiffAnswer> {
    const request = new messages.DiffRequest().setNews(toStruct(news)).setOldInputs(toStruct(olds));
    return diffAnswer(
      await unary<provider_pb.DiffResponse>((callback) => this.#client.diffConfig(request, callback)),
    );
  }

  async create(
    type: string,
    inputs: JsonMap,
    options: { timeout?: number; preview?: boolean } = {},
  ): Promise<{ id: string; state: JsonMap }> {
    const request = new messages.CreateRequest().setUrn(urn(type)).setProperties(toStruct(inputs));
    request.setTimeout(options.timeout ?? 0).setPreview(options.preview ?? false);
    const answer = await unary<provider_pb.CreateResponse>((callback) =>
      this.#client.create(request, callback),
    );
    return { id: answer.getId(), state: fromStruct(answer.getProperties()) };
  }

  async update(
    type: string,
    object: { id: string; state: JsonMap },
    news: JsonMap,
    options: { timeout?: number; preview?: boolean; ignoreChanges?: string[] } = {},
  ): Promise<JsonMap> {
    const request = new messages.UpdateRequest().setUrn(urn(type)).setId(object.id);
    request
      .setOlds(toStruct(object.state))
      .setNews(toStruct(news))
      .setIgnorechangesList(options.ignoreChanges ?? []);
    request.setTimeout(options.timeout ?? 0).setPreview(options.preview ?? false);
    const answer = await unary<provider_pb.UpdateResponse>((callback) =>
      this.#client.update(request, callback),
    );
    return fromStruct(answer.getProperties());
  }

  async read(
    type: string,
    object: { id: string; state?: JsonMap },
    inputs: JsonMap = {},
  ): Promise<{ id: string; state: JsonMap; inputs: JsonMap }> {
    const request = new messages.ReadRequest().setUrn(urn(type)).setId(object.id);
    request.setProperties(toStruct(object.state ?? {})).setInputs(toStruct(inputs));
    const answer = await unary<provider_pb.ReadResponse>((callback) => this.#client.read(request, callback));
    return {
      id: answer.getId(),
      state: fromStruct(answer.getProperties()),
      inputs: fromStruct(answer.getInputs()),
    };
  }

  async delete(
    type: string,
    object: { id: string; state: JsonMap },
    inputs: JsonMap,
    timeout = 0,
  ): Promise<void> {
    const request = new messages.DeleteRequest().setUrn(urn(type)).setId(object.id).setTimeout(timeout);
    request.setProperties(toStruct(object.state)).setOldInputs(toStruct(inputs));
    await unary((callback) => this.#client.delete(request, callback));
  }

  async cancel(): Promise<void> {
    await unary((callback) => this.#client.cancel(new Empty(), callback));
  }

  /** Ends the process as a dying engine does: its end of stdin closes. */
  async end(): Promise<void> {
    this.#client.close();
    if (this.child.exitCode !== null) return;
    const gone = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.stdin?.end();
    await gone;
  }
}

function urn(type: string): string {
  return `urn:pulumi:test::stand-ins-test::${type}::thing`;
}

function unary<Response>(
  call: (callback: (error: ServiceError | null, response?: Response) => void) => unknown,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    call((error, response) => {
      if (error) reject(error);
      else resolve(response as Response);
    });
  });
}

function diffAnswer(answer: provider_pb.DiffResponse): DiffAnswer {
  const kinds = new Map(
    Object.entries(messages.PropertyDiff.Kind).map(([name, value]) => [value as number, name]),
  );
  const details: Record<string, string> = {};
  answer.getDetaileddiffMap().forEach((detail, key) => {
    details[key] = kinds.get(detail.getKind()) ?? "?";
  });
  return {
    changed: answer.getChanges() === messages.DiffResponse.DiffChanges.DIFF_SOME,
    deleteBeforeReplace: answer.getDeletebeforereplace(),
    replaces: answer.getReplacesList(),
    details,
  };
}

/** The partial state inside a provider's refusal. Throws the refusal itself when it has none. */
export function partialAnswer(error: unknown): PartialAnswer {
  const packed = (error as ServiceError).metadata.get("grpc-status-details-bin")[0];
  if (packed === undefined) throw error;
  const [detail] = Status.deserializeBinary(new Uint8Array(packed as Buffer)).getDetailsList();
  const init = messages.ErrorResourceInitFailed.deserializeBinary(detail!.getValue_asU8());
  return {
    id: init.getId(),
    reasons: init.getReasonsList(),
    properties: fromStruct(init.getProperties()),
    inputs: fromStruct(init.getInputs()),
  };
}
