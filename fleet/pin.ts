import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import writeFileAtomic from "write-file-atomic";
import { isMap, isScalar, parseDocument, type Pair, type Scalar, type YAMLMap } from "yaml";
import { readIdentity, simulatedUid } from "../components/identity.ts";
import { stackFileOf } from "../plan/config/read.ts";
import { findTool } from "../tools/find.ts";
import { toolSearch, UserError, type Surroundings } from "./surroundings.ts";
import { chosenZones, requireZone } from "./zones.ts";

/** `zones pin`: writes the cluster's UID into the stack file; comments and order stay. */
export function pinCommand(program: Command, surroundings: Surroundings): void {
  program
    .command("pin")
    .summary("write the cluster's UID into the zone's stack file")
    .description(
      "Reads the UID of kube-system behind the zone's context and writes it to gpu-zones:cluster.uid.",
    )
    .argument("<zone>", "the zone to pin")
    .action(async (name: string) => {
      await chosenZones(surroundings, [name]);
      const zone = await requireZone(surroundings, name);
      const { env, signal } = surroundings;
      const { context, kubeconfig } = zone.cluster;
      const { path: kubectl } = await findTool("kubectl", toolSearch(surroundings));
      const cluster = { path: kubectl, context, kubeconfig, env, signal };
      const [identity, simulated] = await Promise.all([
        readIdentity(cluster),
        simulatedUid(cluster, name, env["GPU_ZONES_SIM_UIDS"]),
      ]);
      if (simulated !== undefined && program.opts<{ sim?: boolean }>().sim !== true) {
        throw new UserError(
          `${name}: wanted a real cluster, got the simulated one of this shell: its UID in the stack file would lock the real one out; nothing was written (./zones --sim pin ${name} does it all the same)`,
        );
      }
      if (identity.state === "unreachable") {
        throw new UserError(
          `${name}: wanted the cluster of context ${zone.cluster.context}, got ${identity.reason}; nothing was written`,
        );
      }
      const file = await stackFileOf(surroundings.repository, name);
      const path = join(surroundings.repository, file);
      await writeFileAtomic(path, pinned(await readFile(path, "utf8"), identity.uid));
      surroundings.out(`${name}: ${file} now names the cluster ${identity.uid}`);
      if (zone.cluster.uid !== undefined && zone.cluster.uid !== identity.uid) {
        surroundings.err(
          `it named ${zone.cluster.uid} before: if the cluster was rebuilt, refresh the state next`,
        );
      }
    });
}

/** The stack file's text with the UID in it; every other character stays as it was written. */
export function pinned(text: string, uid: string): string {
  const config = pairOf(parseDocument(text).contents, "config");
  if (config === undefined)
    return `${text.trimEnd()}\nconfig:\n  gpu-zones:cluster:\n    uid: ${uid}\n`.trimStart();
  if (!isMap(config.value)) return filled(text, config, `{ gpu-zones:cluster: { uid: ${uid} } }`);
  const cluster = pairOf(config.value, "gpu-zones:cluster");
  if (cluster === undefined) return before(text, config.value, `gpu-zones:cluster: { uid: ${uid} }`);
  if (!isMap(cluster.value)) return filled(text, cluster, `{ uid: ${uid} }`);
  const old = pairOf(cluster.value, "uid");
  return old === undefined ? before(text, cluster.value, `uid: ${uid}`) : filled(text, old, uid);
}

function pairOf(map: unknown, key: string): Pair<Scalar> | undefined {
  if (!isMap(map)) return undefined;
  return map.items.find((pair): pair is Pair<Scalar> => isScalar(pair.key) && pair.key.value === key);
}

/** Puts a value in the place of a key's own, or behind its colon where it has none. */
function filled(text: string, { key, value }: Pair<Scalar>, put: string): string {
  const range = isScalar(value) ? value.range : undefined;
  if (range && range[1] > range[0]) return splice(text, range[0], range[1], put);
  const colon = text.indexOf(":", key.range?.[1] ?? 0) + 1;
  return splice(text, colon, colon, ` ${put}`);
}

/** Puts an entry before the first one of a map, in the map's own style. */
function before(text: string, map: YAMLMap, entry: string): string {
  const first = map.items[0]?.key as { range?: [number, number, number] } | undefined;
  const start = first?.range?.[0] ?? (map.range?.[0] ?? 0) + 1;
  if (map.flow === true) return splice(text, start, start, first === undefined ? entry : `${entry}, `);
  const indent = text.slice(text.lastIndexOf("\n", start - 1) + 1, start);
  return splice(text, start, start, `${entry}\n${indent}`);
}

function splice(text: string, from: number, to: number, put: string): string {
  return `${text.slice(0, from)}${put}${text.slice(to)}`;
}
