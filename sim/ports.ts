import { createServer } from "node:net";
import type { ZonePorts } from "./zone-record.ts";

/** Below the ports that operating systems hand to outgoing connections, so that nobody takes one between choice and use. */
const FIRST_PORT = 20_000;
const LAST_PORT = 31_999;

/**
 * Six free ports.
 * @param taken ports of other zones, running or not
 * @throws when the range is exhausted
 */
export async function chooseZonePorts(taken: ReadonlySet<number>, start = randomPort()): Promise<ZonePorts> {
  const size = LAST_PORT - FIRST_PORT + 1;
  const free: number[] = [];
  for (let step = 0; step < size && free.length < 6; step++) {
    const port = FIRST_PORT + ((start - FIRST_PORT + step) % size);
    if (!taken.has(port) && (await isFree(port))) free.push(port);
  }
  const [etcd, etcdPeer, apiServer, controllerManager, scheduler, kwok] = free;
  if (
    etcd === undefined ||
    etcdPeer === undefined ||
    apiServer === undefined ||
    controllerManager === undefined ||
    scheduler === undefined ||
    kwok === undefined
  ) {
    throw new Error(
      `wanted six free ports from ${FIRST_PORT} to ${LAST_PORT} for a simulated zone, got ${free.length}; end simulated zones that are not needed (zones sim down)`,
    );
  }
  return { etcd, etcdPeer, apiServer, controllerManager, scheduler, kwok };
}

/** Those of the zone's ports on which somebody listens. */
export async function takenPorts(ports: ZonePorts): Promise<number[]> {
  const numbers = Object.values(ports);
  const free = await Promise.all(numbers.map(isFree));
  return numbers.filter((_, index) => free[index] !== true);
}

function randomPort(): number {
  return FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT + 1));
}

async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => {
      resolve(false);
    });
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
