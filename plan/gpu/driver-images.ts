import { nodeOs } from "./node-os.ts";

/** Operating systems with sources of a driver image (gpu-driver-container, for gpu-operator v26.7.0). */
const WITH_IMAGE: ReadonlySet<string> = new Set([
  ...["ubuntu22.04", "ubuntu24.04", "ubuntu26.04"],
  ...["rhel8", "rhel9", "rhel10"],
]);

/** Tags that the operator would ask for, of which no source was read. */
const PERHAPS = /^(rocky|ol)(8|9|10)$/;

/** Whether NVIDIA builds a driver image for the operating system; `unknown` where no source says. */
export function hasDriverImage(os: string): "yes" | "no" | "unknown" {
  const { tag } = nodeOs(os);
  if (WITH_IMAGE.has(tag)) return "yes";
  return PERHAPS.test(tag) ? "unknown" : "no";
}

/** Operating systems that have one, for messages. */
export const OS_WITH_IMAGE = [...WITH_IMAGE];
