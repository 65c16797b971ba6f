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
