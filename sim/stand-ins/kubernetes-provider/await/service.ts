import { isMap } from "../../plugin/protobuf.ts";
import { at, mapsAt, text } from "../object.ts";
import { ready, readyUnless, type Judge } from "./verdict.ts";

/**
 * A Service is ready when every pod behind it is (there may be none) and, for a load balancer, an address is assigned.
 * The official plugin also lets the endpoints settle for 10 s, which would only be slow here.
 */
export const service: Judge = async (live, cluster) => {
  const type = text(at(live, "spec", "type")) ?? "ClusterIP";
  if (type === "ExternalName") return ready;
  const selector = at(live, "spec", "selector");
  const hasPods =
    isMap(selector) && Object.keys(selector).length > 0 && at(live, "spec", "clusterIP") !== "None";
  const ingress = mapsAt(live, "status", "loadBalancer", "ingress");
  return readyUnless(
    hasPods &&
      !(await endpointsAreReady(
        text(at(live, "metadata", "namespace")) ?? "",
        text(at(live, "metadata", "name")) ?? "",
      )) &&
      "Service does not target any Pods. Selected Pods may not be ready, or field '.spec.selector' may not match labels on any Pods",
    type === "LoadBalancer" &&
      ingress.length === 0 &&
      "Service was not allocated an IP address; does your cloud provider support this?",
  );

  async function endpointsAreReady(namespace: string, name: string): Promise<boolean> {
    const slices = await cluster.list(
      { group: "discovery.k8s.io", version: "v1", kind: "EndpointSlice" },
      namespace,
      { labelSelector: `kubernetes.io/service-name=${name}` },
    );
    // Without any slice the controller has not looked yet; a pod that is leaving is nobody's business.
    const open = slices
      .flatMap((slice) => mapsAt(slice, "endpoints"))
      .filter(
        ({ conditions }) => at(conditions, "ready") === false && at(conditions, "terminating") !== true,
      );
    return slices.length > 0 && open.length === 0;
  }
};
