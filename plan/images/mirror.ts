import { parseImage } from "../render/image.ts";

/** Where a name without a registry leads, and where one without a path in it. */
const OFFICIAL = "library";

/**
 * The image's name in a mirror: the registry is replaced by the prefix, and the path below it, tag and digest stay.
 * `nvcr.io/nvidia/k8s-device-plugin:v0.20.0` under `mirror.corp/gpu` is `mirror.corp/gpu/nvidia/k8s-device-plugin:v0.20.0`;
 * `busybox`, which is short for docker.io/library/busybox, is `mirror.corp/gpu/library/busybox`. One that is in the mirror stays.
 */
export function mirrored(image: string, prefix: string): string {
  return image.startsWith(`${prefix}/`) ? image : `${prefix}/${parts(image).below}`;
}

/** The image with its registry, as nobody writes it out: `docker.io/library/busybox` for `busybox`. */
export function published(image: string): string {
  const { registry, below } = parts(image);
  return `${registry}/${below}`;
}

function parts(image: string): { registry: string; below: string } {
  const { name } = parseImage(image);
  const version = image.slice(name.length);
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  // Docker's rule: a first part without dot or port is no registry, but a user of docker.io.
  const hasRegistry = /[.:]/.test(first) || first === "localhost";
  const path = hasRegistry ? name.slice(slash + 1) : name;
  const onDockerHub = !hasRegistry || /^(index\.)?docker\.io$/.test(first);
  const full = onDockerHub && !path.includes("/") ? `${OFFICIAL}/${path}` : path;
  return { registry: onDockerHub ? "docker.io" : first, below: `${full}${version}` };
}
