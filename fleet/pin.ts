import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import writeFileAtomic from "write-file-atomic";
import { isMap, isScalar, parseDocument, type YAMLMap } from "yaml";
import { readIdentity } from "../components/identity.ts";
import { stackFileOf } from "../plan/config/read.ts";
import { findTool } from "../tools/find.ts";
import { UserError, type Surroundings } from "./surroundings.ts";
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
      const kubectl = await findTool("kubectl", { log: surroundings.err });
      const identity = await readIdentity({
        path: kubectl.path,
        context: zone.cluster.context,
        kubeconfig: zone.cluster.kubeconfig,
        env: surroundings.env,
      });
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
  const document = parseDocument(text);
  const config = document.get("config");
  if (!isMap(config))
    return `${text.trimEnd()}\nconfig:\n  gpu-zones:cluster:\n    uid: ${uid}\n`.trimStart();
  const cluster = config.get("gpu-zones:cluster");
  if (!isMap(cluster)) return before(text, config, `gpu-zones:cluster: { uid: ${uid} }`);
  const old = cluster.get("uid", true);
  if (isScalar(old) && old.range) return splice(text, old.range[0], old.range[1], uid);
  return before(text, cluster, `uid: ${uid}`);
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
