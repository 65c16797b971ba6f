import type { Release } from "./release.ts";

/** Default images of NVIDIA's gpu-operator v26.7.0 (chart values), and Kubernetes' own kubectl for the labeller. */
export const RELEASE_26_7: Release = {
  name: "26.7",
  operator: { repository: "nvcr.io/nvidia/gpu-operator", tag: "v26.7.0" },
  devicePlugin: { repository: "nvcr.io/nvidia/k8s-device-plugin", tag: "v0.20.0" },
  kubectl: { repository: "registry.k8s.io/kubectl", tag: "v1.37.2" },
};
