import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import type { V1Container, V1Pod } from "@kubernetes/client-node";
import writeFileAtomic from "write-file-atomic";
import { parse, stringify } from "yaml";
import { OPERANDS as NAMESPACE } from "../kwok-stages.ts";

/** Pod label `app` of the zone's labeller. */
export const LABELLER = "gpu-zones-labeller";

/** Fifteen seconds of a real zone are long for one that is to come up while somebody watches. */
const INTERVAL_SECONDS = "1";
const RESTART_MS = 1000;

type ConfigMaps = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface LabellerPodOptions {
  /** Where the pod's ConfigMaps are laid out; the script's path in it tells whose process it is. */
  readonly directory: string;
  /** The zone's own kubeconfig, as text. */
  readonly kubeconfig: string;
  readonly log: (line: string) => void;
}

/**
 * Plays the kubelet for the labeller's pod: runs its script, as it was applied, with the real kubectl, the pod's
 * environment and its service account's rights. A script that the zone does not apply labels no node.
 */
export class LabellerPod {
  readonly #options: LabellerPodOptions;
  #uid: string | undefined;
  #child: ChildProcess | undefined;
  #written = "";
  #queue: Promise<void> = Promise.resolve();

  constructor(options: LabellerPodOptions) {
    this.#options = options;
  }

  /** Starts, feeds or ends the script, as the cluster says now; calls are worked off one after the other. */
  follow(pod: V1Pod | undefined, configMaps: ConfigMaps): void {
    this.#queue = this.#queue
      .then(() => this.#step(pod, configMaps))
      .catch((error: unknown) => {
        this.#options.log(`labeller: ${String(error).split("\n", 1)[0] ?? ""}`);
      });
  }

  async #step(pod: V1Pod | undefined, configMaps: ConfigMaps): Promise<void> {
    const container = pod?.spec?.containers[0];
    if (pod?.metadata?.uid === undefined || container === undefined) {
      this.#end();
      return;
    }
    await this.#layOut(pod, configMaps);
    if (this.#uid === pod.metadata.uid) return;
    this.#end();
    this.#uid = pod.metadata.uid;
    await this.#start(pod, container);
  }

  /** The pod's ConfigMaps as files; a running pod sees their changes. */
  async #layOut(pod: V1Pod, configMaps: ConfigMaps): Promise<void> {
    const files = (pod.spec?.volumes ?? []).flatMap(({ name, configMap }) =>
      Object.entries(configMaps[configMap?.name ?? ""] ?? {}).map(
        ([key, text]) => [path.join(this.#options.directory, name, key), text] as const,
      ),
    );
    const content = JSON.stringify(files);
    if (content === this.#written) return;
    await rm(this.#options.directory, { recursive: true, force: true });
    for (const [file, text] of files) {
      await mkdir(path.dirname(file), { recursive: true });
      await writeFileAtomic(file, text);
    }
    this.#written = content;
  }

  async #start(pod: V1Pod, container: V1Container): Promise<void> {
    const kubeconfig = path.join(this.#options.directory, "..", "labeller.kubeconfig");
    const account = `system:serviceaccount:${NAMESPACE}:${pod.spec?.serviceAccountName ?? "default"}`;
    await writeFileAtomic(kubeconfig, actingAs(this.#options.kubeconfig, account), { mode: 0o600 });
    const uid = this.#uid;
    // The pod's shell comes out of an image; any POSIX shell does.
    const child = spawn(
      "/bin/sh",
      (container.command ?? []).slice(1).map((each) => this.#here(container, each)),
      {
        stdio: ["ignore", "ignore", "pipe"],
        env: {
          ...Object.fromEntries(
            (container.env ?? []).map(({ name, value }) => [name, this.#here(container, value ?? "")]),
          ),
          PATH: process.env["PATH"],
          HOME: path.dirname(this.#options.directory),
          KUBECONFIG: kubeconfig,
          INTERVAL_SECONDS,
        },
      },
    );
    this.#child = child;
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#options.log(`labeller: ${text.trimEnd()}`);
    });
    child.on("error", (error) => {
      this.#options.log(`labeller: ${error.message}`);
    });
    child.on("close", (code) => {
      if (this.#child !== child) return;
      this.#options.log(`labeller: ended with ${String(code)}, starting again`);
      setTimeout(() => {
        this.#queue = this.#queue.then(() =>
          this.#uid === uid && this.#child === child ? this.#start(pod, container) : undefined,
        );
      }, RESTART_MS);
    });
  }

  /** A path of the pod's as it lies here; any other text stays. */
  #here(container: V1Container, text: string): string {
    const mount = (container.volumeMounts ?? []).find(
      ({ mountPath }) => text === mountPath || text.startsWith(`${mountPath}/`),
    );
    return mount === undefined
      ? text
      : path.join(this.#options.directory, mount.name, text.slice(mount.mountPath.length));
  }

  #end(): void {
    const child = this.#child;
    this.#uid = undefined;
    this.#child = undefined;
    child?.kill("SIGTERM");
  }
}

/** The same cluster with a service account's rights, so that the zone's own RBAC decides. */
export function actingAs(kubeconfig: string, account: string): string {
  const config = parse(kubeconfig) as {
    contexts: { name: string }[];
    users: { user: Record<string, unknown> }[];
  };
  for (const { user } of config.users) user["as"] = account;
  // In a pod there is one cluster, and nothing says which.
  return stringify({ ...config, "current-context": config.contexts[0]?.name });
}
