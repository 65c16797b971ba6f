import { mapsAt } from "../object.ts";
import { readyUnless, type Judge } from "./verdict.ts";

/** An Ingress is ready when a load balancer has given it an address. Backends without a Service are only warned about. */
export const ingress: Judge = (live) =>
  readyUnless(
    mapsAt(live, "status", "loadBalancer", "ingress").length === 0 &&
      "Ingress .status.loadBalancer field was not updated with a hostname/IP address",
  );
