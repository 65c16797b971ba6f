import { finding, type Gate } from "./gate.ts";

/** The native GPU stack is not complete yet: off the simulated zone it would leave GPUs without a driver. */
export const managedStackGate: Gate = (input) =>
  input.zone.gpu.managed && input.simulatedUid === undefined
    ? [
        finding(input, "GZ308", "gpu.managed", {
          message:
            "gpu.managed: true is not yet for real clusters: the native GPU stack is complete on simulated zones only",
          fix: "set gpu-zones:gpu: {managed: false} on clusters whose GPU stack exists, or use ./zones sim up",
        }),
      ]
    : [];
