import { createRequire } from "node:module";
import { status, type handleUnaryCall } from "@grpc/grpc-js";
import type * as plugin_pb from "@pulumi/pulumi/proto/plugin_pb.js";
import type * as provider_grpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import type * as provider_pb from "@pulumi/pulumi/proto/provider_pb.js";
import { engineLog, type EngineLog } from "../plugin/engine.ts";
import { Empty, fromStruct, toStruct } from "../plugin/protobuf.ts";
import { diffConfig } from "./diff-config.ts";
import { propertyPath, type Change, type InputDiff } from "./diff.ts";
import { grpcFailure, initFailure } from "./failure.ts";
import { revealMap } from "./property.ts";
import { KubernetesProvider, PartialState } from "./provider.ts";
import type { CheckFailure } from "./unmodelled.ts";

const require = createRequire(import.meta.url);
const messages = require("@pulumi/pulumi/proto/provider_pb") as typeof provider_pb;
const { PluginInfo } = require("@pulumi/pulumi/proto/plugin_pb") as typeof plugin_pb;

/** The ResourceProvider service; `engine` is the engine's address, a handshake or attach may name another. */
export function resourceProvider(
  engine: string,
  environment: NodeJS.ProcessEnv,
): { implementation: provider_grpc.IResourceProviderServer; shutdown: () => Promise<void> } {
  let address = engine;
  let log: EngineLog | undefined;
  const provider = new KubernetesProvider(environment, () => (log ??= engineLog(address)));
  const implementation: provider_grpc.IResourceProviderServer = {
    handshake: answer((request: provider_pb.ProviderHandshakeRequest) => {
      address = request.getEngineAddress() || address;
      return new messages.ProviderHandshakeResponse().setAcceptSecrets(true);
    }),
    attach: answer((request: plugin_pb.PluginAttach) => {
      address = request.getAddress();
      return new Empty();
    }),
    // The SDK asks for a plugin of at least its own version; the stand-in belongs to the installed SDK.
    getPluginInfo: answer(() => new PluginInfo().setVersion(sdkVersion())),
    checkConfig: answer((request: provider_pb.CheckRequest) => {
      const failures = provider.checkConfig(revealMap(fromStruct(request.getNews())));
      return new messages.CheckResponse()
        .setInputs(request.getNews())
        .setFailuresList(failures.map(checkFailure));
    }),
    diffConfig: answer(async (request: provider_pb.DiffRequest) => {
      const olds = revealMap(fromStruct(request.getOldInputs() ?? request.getOlds()));
      const { changed, replaces } = await diffConfig(olds, revealMap(fromStruct(request.getNews())));
      return new messages.DiffResponse()
        .setChanges(changes(changed.length > 0))
        .setDiffsList(changed)
        .setReplacesList(replaces);
    }),
    configure: answer((request: provider_pb.ConfigureRequest) => {
      provider.configure(revealMap(fromStruct(request.getArgs())));
      return new messages.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
    }),
    check: answer(async (request: provider_pb.CheckRequest) => {
      const olds = request.hasOlds() ? fromStruct(request.getOlds()) : undefined;
      const seed = request.getRandomseed_asU8();
      const { inputs, failures } = await provider.check(
        request.getUrn(),
        olds,
        fromStruct(request.getNews()),
        seed,
      );
      return new messages.CheckResponse()
        .setInputs(toStruct(inputs))
        .setFailuresList(failures.map(checkFailure));
    }),
    diff: answer(async (request: provider_pb.DiffRequest) => {
      const state = fromStruct(request.getOlds());
      const olds = fromStruct(request.getOldInputs());
      return diffResponse(await provider.diff(request.getUrn(), state, olds, fromStruct(request.getNews())));
    }),
    create: answer(async (request: provider_pb.CreateRequest) => {
      const inputs = fromStruct(request.getProperties());
      if (request.getPreview()) {
        const properties = await provider.previewCreate(request.getUrn(), inputs);
        return new messages.CreateResponse().setProperties(toStruct(properties));
      }
      const { id, state } = await provider.create(request.getUrn(), inputs, request.getTimeout());
      return new messages.CreateResponse().setId(id).setProperties(toStruct(state));
    }),
    read: answer(async (request: provider_pb.ReadRequest) => {
      const state = fromStruct(request.getProperties());
      const found = await provider.read(
        request.getUrn(),
        request.getId(),
        state,
        fromStruct(request.getInputs()),
      );
      const response = new messages.ReadResponse();
      if (found === undefined) return response;
      return response.setId(found.id).setProperties(toStruct(found.state)).setInputs(toStruct(found.inputs));
    }),
    update: answer(async (request: provider_pb.UpdateRequest) => {
      const urn = request.getUrn();
      const id = request.getId();
      const olds = fromStruct(request.getOlds());
      const news = fromStruct(request.getNews());
      const ignored = request.getIgnorechangesList();
      if (request.getPreview()) {
        const properties = await provider.previewUpdate(urn, id, olds, news, ignored);
        return new messages.UpdateResponse().setProperties(toStruct(properties));
      }
      const { state } = await provider.update(urn, id, olds, news, ignored, request.getTimeout());
      return new messages.UpdateResponse().setProperties(toStruct(state));
    }),
    delete: answer(async (request: provider_pb.DeleteRequest) => {
      const state = fromStruct(request.getProperties());
      const inputs = fromStruct(request.getOldInputs());
      await provider.delete(request.getUrn(), request.getId(), state, inputs, request.getTimeout());
      return new Empty();
    }),
    cancel: answer(() => {
      provider.cancel();
      return new Empty();
    }),
    getMapping: answer(() => new messages.GetMappingResponse()),
    getMappings: answer(() => new messages.GetMappingsResponse()),
    parameterize: refuse("parameterized packages"),
    getSchema: refuse("a schema"),
    invoke: refuse("invokes (Helm, YAML and Kustomize rendering)"),
    call: refuse("method calls"),
    construct: refuse("remote components (Helm, YAML and Kustomize)"),
    list: (call) => {
      call.emit("error", unsupported("listing resources"));
    },
  };
  return { implementation, shutdown: () => provider.close() };
}

function checkFailure({ property, reason }: CheckFailure): provider_pb.CheckFailure {
  return new messages.CheckFailure().setProperty(property).setReason(reason);
}

function sdkVersion(): string {
  return (require("@pulumi/kubernetes/package.json") as { version: string }).version;
}

function changes(some: boolean): provider_pb.DiffResponse.DiffChanges {
  return some ? messages.DiffResponse.DiffChanges.DIFF_SOME : messages.DiffResponse.DiffChanges.DIFF_NONE;
}

function diffResponse(diff: InputDiff): provider_pb.DiffResponse {
  const response = new messages.DiffResponse();
  response.setChanges(changes(diff.changes.length > 0)).setDeletebeforereplace(diff.deleteBeforeReplace);
  response.setHasdetaileddiff(true);
  response.setDiffsList([...new Set(diff.changes.map(({ path }) => String(path[0])))]);
  response.setReplacesList(
    diff.changes.filter(({ replace }) => replace).map(({ path }) => propertyPath(path)),
  );
  for (const change of diff.changes) {
    const detail = new messages.PropertyDiff().setKind(detailKind(change)).setInputdiff(true);
    response.getDetaileddiffMap().set(propertyPath(change.path), detail);
  }
  return response;
}

function detailKind({ kind, replace }: Change): provider_pb.PropertyDiff.Kind {
  const { Kind } = messages.PropertyDiff;
  if (kind === "add") return replace ? Kind.ADD_REPLACE : Kind.ADD;
  if (kind === "delete") return replace ? Kind.DELETE_REPLACE : Kind.DELETE;
  return replace ? Kind.UPDATE_REPLACE : Kind.UPDATE;
}

function answer<Request, Response>(
  handler: (request: Request) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    Promise.resolve()
      .then(() => handler(call.request))
      .then(
        (response) => {
          callback(null, response);
        },
        (error: unknown) => {
          const partial = error instanceof PartialState;
          callback(
            partial
              ? initFailure(error.id, error.message, error.reasons, error.state, error.inputs)
              : grpcFailure(error),
          );
        },
      );
  };
}

function refuse<Request, Response>(what: string): handleUnaryCall<Request, Response> {
  return (_call, callback) => {
    callback(unsupported(what));
  };
}

function unsupported(what: string): { code: status; details: string } {
  return {
    code: status.UNIMPLEMENTED,
    details: `the stand-in Kubernetes provider has no ${what}: install the official plugin`,
  };
}
