import {
  AppsV1Api,
  CoreV1Api,
  makeInformer,
  type Informer,
  type KubeConfig,
  type KubernetesListObject,
  type KubernetesObject,
  type V1ConfigMap,
  type V1DaemonSet,
  type V1Node,
  type V1Pod,
} from "@kubernetes/client-node";
import type { Observed } from "./node-draft.ts";
import { OPERANDS as NAMESPACE } from "../kwok-stages.ts";
import { daemonSet } from "./daemon-set.ts";
import { nodePod, type NodePod } from "./node-pod.ts";

const RETRY_MS = 1000;

/** Names of the nodes that a change may concern. */
type Affected = readonly string[] | "all";

/** What the cluster holds now, kept up by watches, so that an idle zone costs nothing. */
export class ClusterWatch {
  readonly #nodes = new Map<string, V1Node>();
  readonly #pods = new Map<string, V1Pod>();
  readonly #configMaps = new Map<string, V1ConfigMap>();
  readonly #daemonSets = new Map<string, V1DaemonSet>();
  readonly #read = new WeakMap<V1Pod, NodePod[]>();
  readonly #config: KubeConfig;
  readonly #changed: (nodes: Iterable<string>) => void;

  /** @param changed called with the nodes that a change may concern */
  constructor(config: KubeConfig, changed: (nodes: Iterable<string>) => void) {
    this.#config = config;
    this.#changed = changed;
  }

  /** Begins to watch, and ends when everything was read once; what is lost is watched again, for as long as the process lives. */
  async start(): Promise<void> {
    const core = this.#config.makeApiClient(CoreV1Api);
    const apps = this.#config.makeApiClient(AppsV1Api);
    const namespace = { namespace: NAMESPACE };
    const configMaps = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
    const daemonSets = `/apis/apps/v1/namespaces/${NAMESPACE}/daemonsets`;
    await Promise.all([
      this.#watch(
        "/api/v1/nodes",
        () => core.listNode(),
        this.#nodes,
        (node) => some(node.metadata?.name),
      ),
      this.#watch(
        "/api/v1/pods",
        () => core.listPodForAllNamespaces(),
        this.#pods,
        (pod) => some(pod.spec?.nodeName),
      ),
      this.#watch(
        configMaps,
        () => core.listNamespacedConfigMap(namespace),
        this.#configMaps,
        () => "all",
      ),
      this.#watch(
        daemonSets,
        () => apps.listNamespacedDaemonSet(namespace),
        this.#daemonSets,
        () => "all",
      ),
    ]);
  }

  node(name: string): V1Node | undefined {
    return this.#nodes.get(`/${name}`);
  }

  /** A running pod of the operands' namespace, by its label `app`. */
  runningPod(app: string): V1Pod | undefined {
    return [...this.#pods.values()].find(
      ({ metadata, status }) =>
        metadata?.namespace === NAMESPACE &&
        metadata.labels?.["app"] === app &&
        metadata.deletionTimestamp === undefined &&
        status?.phase === "Running",
    );
  }

  observed(): Observed {
    const configMaps = Object.fromEntries(
      [...this.#configMaps.values()].map((map) => [nameOf(map), map.data ?? {}]),
    );
    return {
      configMaps,
      daemonSets: new Map(
        [...this.#daemonSets.values()].map((set) => [nameOf(set), daemonSet(set, configMaps)]),
      ),
      pods: [...this.#pods.values()].flatMap((pod) => this.#nodePod(pod)),
    };
  }

  /** The pod as it was last seen. */
  pod(namespace: string, name: string): V1Pod | undefined {
    return this.#pods.get(`${namespace}/${name}`);
  }

  /** A pod is read once for each of its versions. */
  #nodePod(pod: V1Pod): NodePod[] {
    let read = this.#read.get(pod);
    if (read === undefined) this.#read.set(pod, (read = nodePod(pod)));
    return read;
  }

  async #watch<T extends KubernetesObject>(
    path: string,
    list: () => Promise<KubernetesListObject<T>>,
    into: Map<string, T>,
    affected: (object: T) => Affected,
  ): Promise<void> {
    const informer: Informer<T> = makeInformer(this.#config, path, list);
    const tell = (object: T): void => {
      const nodes = affected(object);
      this.#changed(nodes === "all" ? [...this.#nodes.values()].map(nameOf) : nodes);
    };
    const put = (object: T): void => {
      into.set(keyOf(object), object);
      tell(object);
    };
    informer.on("add", put);
    informer.on("update", put);
    informer.on("delete", (object) => {
      into.delete(keyOf(object));
      tell(object);
    });
    const again = (): void => {
      setTimeout(() => void informer.start().catch(again), RETRY_MS);
    };
    for (;;) {
      try {
        await informer.start();
        break;
      } catch {
        await new Promise((wake) => setTimeout(wake, RETRY_MS));
      }
    }
    informer.on("error", again);
  }
}

function some(name: string | undefined): readonly string[] {
  return name === undefined ? [] : [name];
}

function nameOf({ metadata }: KubernetesObject): string {
  return metadata?.name ?? "";
}

function keyOf(object: KubernetesObject): string {
  return `${object.metadata?.namespace ?? ""}/${nameOf(object)}`;
}
