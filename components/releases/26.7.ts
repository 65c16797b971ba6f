import type { Release } from "./release.ts";

/** Default images of NVIDIA's gpu-operator v26.7.0 (chart values), and Kubernetes' own kubectl for the labeller. */
export const RELEASE_26_7: Release = {
  name: "26.7",
  operator: { repository: "nvcr.io/nvidia/gpu-operator", tag: "v26.7.0" },
  driver: { repository: "nvcr.io/nvidia/driver", tag: "580.178.04" },
  driverManager: { repository: "nvcr.io/nvidia/cloud-native/k8s-driver-manager", tag: "v0.12.0" },
  toolkit: { repository: "nvcr.io/nvidia/k8s/container-toolkit", tag: "v1.20.0" },
  devicePlugin: { repository: "nvcr.io/nvidia/k8s-device-plugin", tag: "v0.20.0" },
  dcgmExporter: { repository: "nvcr.io/nvidia/k8s/dcgm-exporter", tag: "4.6.0-4.8.3-distroless" },
  migManager: { repository: "nvcr.io/nvidia/cloud-native/k8s-mig-manager", tag: "v0.15.0" },
  nfd: { repository: "registry.k8s.io/nfd/node-feature-discovery", tag: "v0.19.0" },
  kubectl: { repository: "registry.k8s.io/kubectl", tag: "v1.37.2" },
};
