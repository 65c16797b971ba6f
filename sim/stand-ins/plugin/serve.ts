import { fstatSync } from "node:fs";
import {
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";

/** What a plugin process serves and how it leaves. */
export interface Plugin {
  /** File name of the official plugin that this process stands in for. */
  name: string;
  service: ServiceDefinition;
  implementation: UntypedServiceImplementation;
  /** Ends everything that the plugin has under way; called once, before the process exits. */
  shutdown: () => Promise<void> | void;
}

// The engine waits 5 s for a plugin to leave and then kills it; we are gone well before.
const shutdownLimitMs = 3000;

/**
 * Serves a plugin on 127.0.0.1 and prints the port as the first line of stdout, as the engine expects.
 * The process ends when the engine asks (SIGINT, SIGTERM) or is gone (its end of our stdin closes).
 */
export async function serve(plugin: Plugin): Promise<void> {
  process.stderr.write(
    `${plugin.name}: this is gpu-zones' stand-in for the official plugin, which was not found\n`,
  );
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(plugin.service, plugin.implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  leaveWithEngine(plugin);
  process.stdout.write(`${port}\n`);
}

function leaveWithEngine(plugin: Plugin): void {
  let leaving = false;
  const leave = () => {
    if (leaving) return;
    leaving = true;
    setTimeout(() => process.exit(0), shutdownLimitMs).unref();
    void Promise.resolve(plugin.shutdown()).finally(() => process.exit(0));
  };
  process.on("SIGINT", leave);
  process.on("SIGTERM", leave);
  if (stdinIsPipe()) process.stdin.on("end", leave).on("error", leave).resume();
}

/** A plugin started by hand may have a terminal or /dev/null as stdin; only a pipe tells that the engine has died. */
function stdinIsPipe(): boolean {
  try {
    const stat = fstatSync(0);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false;
  }
}
