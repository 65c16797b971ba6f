import path from "node:path";
import { findTools, toolPath } from "../tools/find.ts";
import { openHome, type SimHome } from "./home.ts";
import { simStatus, type SimZone } from "./zone.ts";

/** Protects nothing: what a simulated zone holds is thrown away with it. */
const PASSPHRASE = "simulated";

export interface EnvironmentOptions {
  /** Directory of the simulated zones (`simHome`). */
  readonly home: string;
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** PATH to build on. Default: this process' own. */
  readonly path?: string;
}

/**
 * Environment in which plain `pulumi` and `kubectl` work on the simulated zones, as `zones sim env` prints it.
 * Works before any zone is up; the UIDs of zones that come up later are not in it.
 */
export async function simEnvironment(options: EnvironmentOptions): Promise<Record<string, string>> {
  const names = [
    "pulumi",
    "pulumi-language-nodejs",
    "pulumi-resource-kubernetes",
    "kubectl",
    "kustomize",
  ] as const;
  const { log, signal } = options;
  const search = { log, ...(signal && { signal }) };
  const [home, zones, tools] = await Promise.all([
    openHome(options.home),
    simStatus(options),
    findTools(names, search),
  ]);
  signal?.throwIfAborted();
  const directories = toolPath(Object.values(tools));
  return {
    ...simVariables(home, zones),
    PATH: [...directories, options.path ?? process.env["PATH"] ?? ""].join(path.delimiter),
  };
}

/** The part of the environment that needs no tool. */
export function simVariables(
  home: SimHome,
  zones: readonly Pick<SimZone, "name" | "uid">[],
): Record<string, string> {
  return {
    // Pulumi takes what follows file:// as the path itself, not as a URL's: nothing is escaped.
    PULUMI_BACKEND_URL: `file://${home.backend}`,
    PULUMI_CONFIG_PASSPHRASE: PASSPHRASE,
    PULUMI_HOME: home.pulumiHome,
    PULUMI_RUN_PROGRAM: "true",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    KUBECONFIG: home.kubeconfig,
    GPU_ZONES_SIM_UIDS: zones
      .flatMap(({ name, uid }) => (uid === undefined ? [] : [`${name}=${uid}`]))
      .join(","),
  };
}
