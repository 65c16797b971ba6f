import { createRequire } from "node:module";
import { status, type ServerWritableStream, type handleUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import type * as language_grpc from "@pulumi/pulumi/proto/language_grpc_pb.js";
import type * as language_pb from "@pulumi/pulumi/proto/language_pb.js";
import type * as plugin_pb from "@pulumi/pulumi/proto/plugin_pb.js";
import { Empty, fromStruct } from "../plugin/protobuf.ts";
import { installDependencies, programDependencies } from "./dependencies.ts";
import { readOptions } from "./options.ts";
import { Programs, type ProgramRun } from "./program.ts";

const require = createRequire(import.meta.url);
const messages = require("@pulumi/pulumi/proto/language_pb") as typeof language_pb;
const { PluginInfo } = require("@pulumi/pulumi/proto/plugin_pb") as typeof plugin_pb;

/** The LanguageRuntime service for Node programs; `engine` is the engine's address, a handshake may name another. */
export function languageRuntime(engine: string): {
  implementation: language_grpc.ILanguageRuntimeServer;
  shutdown: () => Promise<void>;
} {
  const programs = new Programs();
  let engineAddress = engine;
  const implementation: language_grpc.ILanguageRuntimeServer = {
    handshake: answer((request: language_pb.LanguageHandshakeRequest) => {
      engineAddress = request.getEngineAddress() || engineAddress;
      return new messages.LanguageHandshakeResponse();
    }),
    getPluginInfo: answer(() => new PluginInfo().setVersion("0.0.0")),
    // Plugins of packages are found on PATH or fetched by the engine when first used.
    getRequiredPlugins: answer(() => new messages.GetRequiredPluginsResponse()),
    getRequiredPackages: answer(() => new messages.GetRequiredPackagesResponse()),
    run: answer(async (request: language_pb.RunRequest) => {
      const end = await programs.run(programRun(request, engineAddress));
      const response = new messages.RunResponse();
      if (!end.ok) response.setBail(end.bail).setError(end.error);
      return response;
    }),
    about: answer(() =>
      new messages.AboutResponse().setExecutable(process.execPath).setVersion(process.version),
    ),
    getProgramDependencies: answer(async (request: language_pb.GetProgramDependenciesRequest) => {
      const directory = request.getInfo()?.getProgramDirectory() ?? request.getPwd();
      const response = new messages.GetProgramDependenciesResponse();
      for (const { name, version } of await programDependencies(directory)) {
        response.addDependencies(new messages.DependencyInfo().setName(name).setVersion(version));
      }
      return response;
    }),
    installDependencies: (call) => {
      void install(call);
    },
    runtimeOptionsPrompts: answer(() => new messages.RuntimeOptionsResponse()),
    template: answer(() => new messages.TemplateResponse()),
    cancel: answer(async () => {
      await programs.end();
      return new Empty();
    }),
    runPlugin: (call) => {
      call.emit("error", unsupported("running a plugin written in TypeScript"));
    },
    generateProgram: refuse("generating programs"),
    generateProject: refuse("generating projects"),
    generatePackage: refuse("generating packages"),
    pack: refuse("packing SDKs"),
    link: refuse("linking SDKs"),
  };
  return { implementation, shutdown: () => programs.end() };
}

function programRun(request: language_pb.RunRequest, engine: string): ProgramRun {
  const info = request.getInfo();
  const programDirectory = info?.getProgramDirectory() ?? request.getPwd();
  return {
    engine,
    monitor: request.getMonitorAddress(),
    organization: request.getOrganization(),
    project: request.getProject(),
    stack: request.getStack(),
    rootDirectory: info?.getRootDirectory() ?? programDirectory,
    programDirectory,
    entryPoint: info?.getEntryPoint() ?? request.getProgram(),
    args: request.getArgsList(),
    config: Object.fromEntries(request.getConfigMap().toArray()),
    secretKeys: request.getConfigsecretkeysList(),
    dryRun: request.getDryrun(),
    parallel: request.getParallel(),
    options: readOptions(fromStruct(info?.getOptions())),
  };
}

async function install(
  call: ServerWritableStream<language_pb.InstallDependenciesRequest, language_pb.InstallDependenciesResponse>,
): Promise<void> {
  const directory = call.request.getInfo()?.getProgramDirectory() ?? call.request.getDirectory();
  try {
    await installDependencies(directory, (stream, chunk) => {
      const response = new messages.InstallDependenciesResponse();
      if (stream === "stdout") response.setStdout(chunk);
      else response.setStderr(chunk);
      call.write(response);
    });
    call.end();
  } catch (error) {
    call.emit("error", { code: status.UNKNOWN, details: words(error) });
  }
}

function answer<Request, Response>(
  handler: (request: Request) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback: sendUnaryData<Response>) => {
    Promise.resolve()
      .then(() => handler(call.request))
      .then((response) => {
        callback(null, response);
      })
      .catch((error: unknown) => {
        callback({ code: status.UNKNOWN, details: words(error) });
      });
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
    details: `the stand-in language host does not support ${what}: install Pulumi's own`,
  };
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
