import { deepEqual } from "node:assert/strict";
import type { V1DaemonSet } from "@kubernetes/client-node";
import { daemonSet } from "../../../components/operands/daemon-set.ts";
import { zoneOf } from "../render/zone-text.ts";

/** An operand's DaemonSet under the zone's `gpu.daemonsets`. */
function under(daemonsets: string): V1DaemonSet {
  return daemonSet(zoneOf(`gpu: { daemonsets: ${daemonsets} }`), {
    name: "nvidia-example",
    deploy: "example",
    podAnnotations: { "gpu-zones.dev/config-hash": "0123456789" },
    spec: { containers: [] },
  });
}

describe("what all operands' DaemonSets have in common", () => {
  it("is replaced node by node, as upstream does, until the zone says how many at once", () => {
    const strategy = (daemonsets: string) => under(daemonsets).spec?.updateStrategy;
    deepEqual(strategy("{}"), { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } });
    deepEqual(strategy("{ rollingUpdate: { maxUnavailable: 25% } }"), {
      type: "RollingUpdate",
      rollingUpdate: { maxUnavailable: "25%" },
    });
    deepEqual(strategy("{ updateStrategy: OnDelete }"), { type: "OnDelete" });
  });

  it("gives the zone's labels to pods, and never another `app`, by which operands know each other", () => {
    const set = under("{ labels: { team: gpu, app: mine } }");
    deepEqual(set.spec?.template.metadata?.labels, { team: "gpu", app: "nvidia-example" });
    deepEqual(set.spec.selector.matchLabels, { app: "nvidia-example" });
  });

  it("gives the zone's annotations to pods beside the operand's own", () => {
    deepEqual(
      under("{ annotations: { sidecar.istio.io/inject: 'false' } }").spec?.template.metadata?.annotations,
      {
        "sidecar.istio.io/inject": "false",
        "gpu-zones.dev/config-hash": "0123456789",
      },
    );
  });
});
