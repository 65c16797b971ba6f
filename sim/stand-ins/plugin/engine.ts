import { createRequire } from "node:module";
import { credentials } from "@grpc/grpc-js";
import type * as engine_grpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import type * as engine_pb from "@pulumi/pulumi/proto/engine_pb.js";

const require = createRequire(import.meta.url);

/** The engine's log: what a plugin says while it works. */
export interface EngineLog {
  /** Says something that stays on the operator's screen. `urn` may be "" (nothing in particular). */
  log(severity: "info" | "warning" | "error", urn: string, message: string): void;
  /** Replaces the status line of one resource; "" clears it. */
  status(urn: string, message: string): void;
}

/** Opens the log of the engine at `address` (host:port); a message that cannot be delivered is dropped. */
export function engineLog(address: string | undefined): EngineLog {
  if (address === undefined || address === "") return { log: () => undefined, status: () => undefined };
  // Loaded late: the first answer to the engine must not wait for it.
  const { EngineClient } = require("@pulumi/pulumi/proto/engine_grpc_pb") as typeof engine_grpc;
  const { LogRequest, LogSeverity } = require("@pulumi/pulumi/proto/engine_pb") as typeof engine_pb;
  const client = new EngineClient(address, credentials.createInsecure());
  const send = (severity: engine_pb.LogSeverity, urn: string, message: string, ephemeral: boolean) => {
    const request = new LogRequest();
    request.setSeverity(severity);
    request.setUrn(urn);
    request.setMessage(message);
    request.setEphemeral(ephemeral);
    client.log(request, () => undefined);
  };
  const severities = { info: LogSeverity.INFO, warning: LogSeverity.WARNING, error: LogSeverity.ERROR };
  return {
    log: (severity, urn, message) => {
      send(severities[severity], urn, message, false);
    },
    status: (urn, message) => {
      send(LogSeverity.INFO, urn, message, true);
    },
  };
}
