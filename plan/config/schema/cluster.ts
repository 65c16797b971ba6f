import { z } from "zod";
import { later, NOT_YET } from "./values.ts";

/** Platforms whose name is settled and whose work is not done. */
const OTHER_PLATFORMS: readonly unknown[] = [
  ...["k0s", "microk8s", "openshift", "talos"],
  ...["aks", "eks", "gke"],
];

/** Which cluster the zone is, and how the program knows that it is the right one. */
export const cluster = z.strictObject({
  context: z.string().min(1).optional().describe("kubeconfig context. Default: the stack's name."),
  kubeconfig: z
    .string()
    .min(1)
    .optional()
    .describe("Path of a kubeconfig file. Default: KUBECONFIG, else ~/.kube/config."),
  uid: z
    .string()
    .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "wanted the UID of the kube-system namespace")
    .optional()
    .describe("UID of the kube-system namespace: the guard against a wrong cluster. `zones pin` writes it."),
  kubernetes: later("checking the cluster's Kubernetes version before an update"),
  platform: z
    .enum(["kubeadm", "k3s", "rke2", "preinstalled"], {
      error: ({ input }) =>
        OTHER_PLATFORMS.includes(input)
          ? `${NOT_YET}platforms other than kubeadm, k3s, rke2 and preinstalled`
          : undefined,
    })
    .default("kubeadm")
    .describe(
      "Distribution of Kubernetes on the nodes: where its container runtime has its files. preinstalled: as kubeadm, and the hosts have a driver.",
    ),
});
