import { BREAKS_RUNTIME, readFailures } from "../annotations.ts";
import { environment } from "./node-pod.ts";
import { UP, type Call, type Outcome } from "./outcome.ts";

/** `RUNTIME` to the name that a kubelet reports. */
const RUNTIMES: Readonly<Record<string, string>> = {
  containerd: "containerd",
  crio: "cri-o",
  docker: "docker",
};

/** The container toolkit: gives the node's container runtime the handler `nvidia`. */
export function toolkit({ node, container }: Call): Outcome {
  const { RUNTIME: runtime = "" } = environment(container);
  const running = node.runtime.split(":", 1)[0] ?? "";
  if (running !== "" && RUNTIMES[runtime] !== running)
    return { is: "failed", why: `RUNTIME is ${runtime || "unset"}, the node runs ${running}` };
  if (readFailures(node.annotations).has(BREAKS_RUNTIME)) {
    // The runtime refuses its new config and ends: no container of the node is looked after any more.
    node.down = { status: "False", message: "container runtime is down" };
    return { is: "failed", why: "unable to restart the container runtime" };
  }
  node.host.runtime = true;
  return UP;
}
