/** An image reference in its parts. */
export interface ImageReference {
  /** With registry and port, without tag and digest. */
  readonly name: string;
  readonly tag?: string;
  /** `sha256:…`. */
  readonly digest?: string;
}

/** Takes `registry:5000/team/pd:1.14.2@sha256:…` apart. */
export function parseImage(text: string): ImageReference {
  const at = text.indexOf("@");
  const digest = at < 0 ? {} : { digest: text.slice(at + 1) };
  const rest = at < 0 ? text : text.slice(0, at);
  const colon = rest.indexOf(":", rest.lastIndexOf("/") + 1);
  return colon < 0
    ? { name: rest, ...digest }
    : { name: rest.slice(0, colon), tag: rest.slice(colon + 1), ...digest };
}

/**
 * What the config key `image` changes: `1.14.2` (a tag), `sha256:…` (a digest), or a full name (with `/`, `:` or `@`).
 * A full name without tag and digest keeps what the base has: the same version from another registry.
 */
export function imageChange(image: string): Partial<ImageReference> {
  if (image.startsWith("sha256:")) return { digest: image };
  return /[/:@]/.test(image) ? parseImage(image) : { tag: image };
}

const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Registry with a port, then path parts, as distribution's reference grammar has them. */
const NAME =
  /^(?:[a-zA-Z0-9][a-zA-Z0-9.-]*(?::\d+)?\/)?[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;

/** A version where a name is wanted: `1.2@sha256:…` gives a tag and a digest, and no image. */
const VERSION = /^v?\d+(?:\.\d+)+/;

/**
 * What is wrong with the config key `image`.
 * @returns the end of a sentence such as "1.2@sha256:…, a version without a name"; undefined when it is right
 */
export function imageFault(image: string): string | undefined {
  const { name, tag, digest } = imageChange(image);
  if (/\s/.test(image)) return "which has a space in it";
  if (name === "") return "which has no name before its tag";
  if (name !== undefined && VERSION.test(name) && !name.includes("/")) return "a version without a name";
  if (name !== undefined && !NAME.test(name)) return `whose name ${name} no registry takes`;
  if (tag !== undefined && !TAG.test(tag))
    return tag === "" ? "which has an empty tag" : `whose tag ${tag} no registry takes`;
  if (digest !== undefined && !DIGEST.test(digest))
    return "whose digest is not sha256: and 64 hexadecimal digits";
  return undefined;
}

/** The image after the change: a tag or a digest replaces both that were there. */
export function changedImage(current: string, change: Partial<ImageReference>): string {
  const parsed = parseImage(current);
  const version = change.tag === undefined && change.digest === undefined ? parsed : change;
  const name = change.name ?? parsed.name;
  const tag = version.tag === undefined ? "" : `:${version.tag}`;
  return `${name}${tag}${version.digest === undefined ? "" : `@${version.digest}`}`;
}

/** Every image that kustomize's `images` would look at in an object: containers at any depth, and image volumes. */
export function imagesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(imagesOf);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => [...imagesIn(key, child), ...imagesOf(child)]);
}

function imagesIn(key: string, children: unknown): string[] {
  if (!["containers", "initContainers", "volumes"].includes(key) || !Array.isArray(children)) return [];
  return (children as Record<string, unknown>[]).flatMap((child) => {
    const image =
      key === "volumes" ? (child["image"] as { reference?: unknown } | undefined)?.reference : child["image"];
    return typeof image === "string" ? [image] : [];
  });
}

/** Whether kustomize's `images` entry of this name would change the image; it reads the name as a pattern. */
export function matchesImageName(image: string, name: string): boolean {
  try {
    return new RegExp(`^${name}(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$`).test(image);
  } catch {
    return false;
  }
}
