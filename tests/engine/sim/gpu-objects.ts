/** An object and where the API server takes it. */
export interface Placed {
  readonly path: string;
  readonly object: object;
}

const NAMESPACE = "gpu-operator";
const DAEMON_SET = "nvidia-device-plugin-daemonset";
const CORE = `/api/v1/namespaces/${NAMESPACE}`;
export const DAEMON_SETS = `/apis/apps/v1/namespaces/${NAMESPACE}/daemonsets`;

/** What a zone applies so that its GPUs are offered: the labeller's table, configs, and the device plugin. */
export function gpuObjects(pools: readonly object[], configs: Record<string, string>): Placed[] {
  const metadata = (name: string) => ({ name, namespace: NAMESPACE });
  return [
    {
      path: "/api/v1/namespaces",
      object: { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } },
    },
    {
      path: `${CORE}/configmaps`,
      object: {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: metadata("gpu-zones-node-pools"),
        data: { "pools.json": JSON.stringify(pools) },
      },
    },
    {
      path: `${CORE}/configmaps`,
      object: { apiVersion: "v1", kind: "ConfigMap", metadata: metadata("plugin-configs"), data: configs },
    },
    {
      path: `${CORE}/serviceaccounts`,
      object: { apiVersion: "v1", kind: "ServiceAccount", metadata: metadata("device-plugin") },
    },
    { path: DAEMON_SETS, object: devicePlugin(metadata(DAEMON_SET)) },
  ];
}

function devicePlugin(metadata: object): object {
  const file = "/config/config.yaml";
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata,
    spec: {
      selector: { matchLabels: { app: DAEMON_SET } },
      template: {
        metadata: { labels: { app: DAEMON_SET } },
        spec: {
          nodeSelector: { "nvidia.com/gpu.deploy.device-plugin": "true" },
          // One of its own: the namespace's default comes late, and the DaemonSet would be tried again much later.
          serviceAccountName: "device-plugin",
          priorityClassName: "system-node-critical",
          tolerations: [{ key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" }],
          initContainers: [
            {
              name: "config-manager-init",
              image: "plugin:1",
              env: [
                { name: "CONFIG_FILE_DST", value: file },
                { name: "DEFAULT_CONFIG", value: "default" },
              ],
              volumeMounts: [{ name: "available-configs", mountPath: "/available-configs" }],
            },
          ],
          containers: [
            {
              name: "nvidia-device-plugin",
              image: "plugin:1",
              env: [
                { name: "CONFIG_FILE", value: file },
                { name: "MIG_STRATEGY", value: "mixed" },
              ],
            },
          ],
          volumes: [{ name: "available-configs", configMap: { name: "plugin-configs" } }],
        },
      },
    },
  };
}

/** A pod in the default namespace that asks for one of the resource. */
export function gpuPod(name: string, resource: string, product?: string): Placed {
  return {
    path: "/api/v1/namespaces/default/pods",
    object: {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name },
      spec: {
        ...(product !== undefined && { nodeSelector: { "nvidia.com/gpu.product": product } }),
        containers: [{ name: "app", image: "app:1", resources: { limits: { [resource]: 1 } } }],
      },
    },
  };
}
