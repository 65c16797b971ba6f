/** An image as the release pins it; the tag is the vendor's. */
export interface Image {
  /** Registry and repository, without a tag. */
  readonly repository: string;
  readonly tag: string;
}

/** The tested set of component versions of a GPU stack release. */
export interface Release {
  readonly name: string;
  /** The operator's image: validator, node status exporter and the waiting init containers live in it. */
  readonly operator: Image;
  /** Its tag is the driver's version; the image's own tag ends with the operating system, `-ubuntu22.04`. */
  readonly driver: Image;
  readonly driverManager: Image;
  readonly toolkit: Image;
  /** Device plugin, GPU Feature Discovery, config manager and MPS control daemon are one image. */
  readonly devicePlugin: Image;
  readonly dcgmExporter: Image;
  readonly migManager: Image;
  readonly nfd: Image;
  /** What the labeller asks and patches nodes with; the image holds nothing but kubectl. */
  readonly kubectl: Image;
}

/** `registry/repository:tag`; a digest as tag (`sha256:…`) is joined with @. */
export function imageName(image: Image): string {
  return `${image.repository}${image.tag.startsWith("sha256:") ? "@" : ":"}${image.tag}`;
}
