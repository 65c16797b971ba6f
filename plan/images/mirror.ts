import { parseImage } from "../render/image.ts";

/** Where a name without a registry leads, and where one without a path in it. */
const OFFICIAL = "library";

/**
 * The image's name in a mirror: the registry is replaced by the prefix, and the path below it, tag and digest stay.
 * `nvcr.io/nvidia/k8s-device-plugin:v0.20.0` under `mirror.corp/gpu` is `mirror.corp/gpu/nvidia/k8s-device-plugin:v0.20.0`;
 * `busybox`, which is short for docker.io/library/busybox, is `mirror.corp/gpu/library/busybox`. One that is in the mirror stays.
 */
export function mirrored(image: string, prefix: string): string {
  if (image.startsWith(`${prefix}/`)) return image;
  const { name } = parseImage(image);
  const version = image.slice(name.length);
  const slash = name.indexOf("/");
  const registry = slash < 0 ? "" : name.slice(0, slash);
  // Docker's rule: a first part without dot or port is no registry, but a user of docker.io.
  const hasRegistry = /[.:]/.test(registry) || registry === "localhost";
  const path = hasRegistry ? name.slice(slash + 1) : name;
  const onDockerHub = !hasRegistry || /^(index\.)?docker\.io$/.test(registry);
  const full = onDockerHub && !path.includes("/") ? `${OFFICIAL}/${path}` : path;
  return `${prefix}/${full}${version}`;
}
