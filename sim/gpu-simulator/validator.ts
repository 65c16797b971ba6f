import type { V1Pod } from "@kubernetes/client-node";
import { OPERANDS } from "../kwok-stages.ts";
import { hasHostDriver, isDriverReady, seesDriverRoot } from "./driver.ts";
import { VALIDATIONS, writeFile } from "./host.ts";
import { environment } from "./node-pod.ts";
import { DONE, UP, type Call, type Outcome } from "./outcome.ts";
import { hostPathOf } from "./programs.ts";

/** The validator looks its own DaemonSet up by this name. */
const DAEMON_SET = "nvidia-operator-validator";

/** `nvidia-validator` of gpu-operator v26.7.0: COMPONENT says what it looks at. */
export function validator(call: Call): Outcome {
  const { container } = call;
  const component = environment(container)["COMPONENT"] ?? "";
  // The image's own user may not write to the host.
  if (container.user !== 0) return { is: "failed", why: "permission denied: wanted runAsUser 0" };
  switch (component) {
    case "driver":
      return validateDriver(call);
    case "toolkit":
      return validateToolkit(call);
    case "cuda":
      return validateCuda(call);
    case "plugin":
      return validatePlugin(call);
    case "metrics":
      return UP;
    default:
      return { is: "failed", why: `invalid component ${component}` };
  }
}

function validateDriver(call: Call): Outcome {
  const { node, pod, container } = call;
  if (hasHostDriver(node) && hostPathOf("/host/usr/bin/nvidia-smi", container, pod) === "/usr/bin/nvidia-smi")
    return pass(call, "driver-ready", driverFacts(true));
  if (!seesDriverRoot(node, pod, container))
    return notYet(call, "no nvidia-smi in /run/nvidia/driver answers");
  return pass(call, "driver-ready", driverFacts(false));
}

/** What the entrypoints of other operands read. */
function driverFacts(host: boolean): string {
  const [root, inContainer] = host ? ["/", "/host"] : ["/run/nvidia/driver", "/driver-root"];
  return [
    `IS_HOST_DRIVER=${host}`,
    `NVIDIA_DRIVER_ROOT=${root}`,
    `DRIVER_ROOT_CTR_PATH=${inContainer}`,
    `NVIDIA_DEV_ROOT=${root}`,
    `DEV_ROOT_CTR_PATH=${inContainer}`,
    "",
  ].join("\n");
}

function validateToolkit(call: Call): Outcome {
  const { node, pod, container } = call;
  const injected =
    pod.runtimeClass !== undefined && environment(container)["NVIDIA_VISIBLE_DEVICES"] === "all";
  if (!injected || !isDriverReady(node))
    return notYet(call, "nvidia-smi: executable file not found in $PATH");
  return pass(call, "toolkit-ready");
}

function validateCuda(call: Call): Outcome {
  if (environment(call.container)["WITH_WORKLOAD"] === "false") return pass(call, "cuda-ready");
  const outcome = runWorkload(call, "nvidia-cuda-validator", "vectorAdd", {});
  return outcome.is === "done" ? pass(call, "cuda-ready") : outcome;
}

function validatePlugin(call: Call): Outcome {
  const offered = Object.entries(call.node.resources).some(
    ([name, quantity]) => /^nvidia\.com\/(gpu|mig-)/.test(name) && Number(quantity) > 0,
  );
  if (!offered) return { is: "waiting", why: "waits for a resource nvidia.com/gpu or nvidia.com/mig-*" };
  if (environment(call.container)["WITH_WORKLOAD"] === "false") return pass(call, "plugin-ready");
  const resource =
    Object.entries(call.node.resources).find(([, quantity]) => Number(quantity) > 0)?.[0] ?? "";
  const outcome = runWorkload(call, "nvidia-device-plugin-validator", "vectorAdd", { [resource]: "1" });
  return outcome.is === "done" ? pass(call, "plugin-ready") : outcome;
}

/** Runs a pod on the node, made in the validator's name after the DaemonSet of the contract's name. */
function runWorkload(call: Call, app: string, command: string, limits: Record<string, string>): Outcome {
  const { node, pod, container, observed } = call;
  const settings = environment(container);
  const set = settings["OPERATOR_NAMESPACE"] === OPERANDS ? observed.daemonSets.get(DAEMON_SET) : undefined;
  if (set === undefined) return { is: "failed", why: `daemonsets.apps "${DAEMON_SET}" not found` };
  if (settings["NODE_NAME"] !== node.name) return { is: "failed", why: "NODE_NAME is not the node's name" };
  const name = `${app}-${pod.uid.slice(-5)}`;
  const others = node.pods.filter((each) => each.app === app && each.name !== name);
  for (const other of others) node.actions.push({ do: "remove", pod: other });
  const workload = node.pods.find((each) => each.app === app && each.name === name);
  if (workload?.progress.phase === "Succeeded") return DONE;
  if (workload === undefined) {
    const image = settings["VALIDATOR_IMAGE"] ?? "";
    const runtimeClassName = settings["VALIDATOR_RUNTIME_CLASS"];
    const manifest: V1Pod = {
      apiVersion: "v1",
      kind: "Pod",
      // Upstream's own owner, which a native installation does not have: nobody cleans these pods up.
      metadata: { name, namespace: OPERANDS, labels: { app }, ownerReferences: [...set.owners] },
      spec: {
        nodeName: node.name,
        restartPolicy: "OnFailure",
        serviceAccountName: DAEMON_SET,
        tolerations: [...set.tolerations],
        ...(runtimeClassName !== undefined && { runtimeClassName }),
        initContainers: [
          {
            name: `${app.replace("nvidia-", "").replace("-validator", "")}-validation`,
            image,
            command: ["sh", "-c"],
            args: [command],
            securityContext: { privileged: true },
            ...(Object.keys(limits).length > 0 && { resources: { limits } }),
          },
        ],
        containers: [{ name: app, image, command: ["sh", "-c"], args: ["echo validation is successful"] }],
      },
    };
    node.actions.push({ do: "create", manifest, account: pod.account });
  }
  return { is: "waiting", why: `waits for pod ${name}` };
}

/** Writes a status file. */
function pass({ node, pod, container }: Call, file: string, content = ""): Outcome {
  writeFile(node, pod, container, `${VALIDATIONS}/${file}`, content);
  return DONE;
}

function notYet({ container }: Call, why: string): Outcome {
  return environment(container)["WITH_WAIT"] === "true" ? { is: "waiting", why } : { is: "failed", why };
}
