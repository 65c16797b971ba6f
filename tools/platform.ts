/** Operating systems and processors that vendors publish for and that the Go modules are built for. */
export const PLATFORMS = ["linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64"] as const;

export type Platform = (typeof PLATFORMS)[number];

const PROCESSORS: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** The platform in vendors' words, from Node's; undefined where nothing is published (Windows, 32 bit). */
export function platformOf(os: string, processor: string): Platform | undefined {
  const name = `${os}-${PROCESSORS[processor] ?? processor}`;
  return PLATFORMS.find((platform) => platform === name);
}

/** `["linux", "amd64"]` of `linux-amd64`. */
export function platformParts(platform: Platform): [os: "linux" | "darwin", arch: "amd64" | "arm64"] {
  const [os, arch] = platform.split("-");
  return [os === "darwin" ? "darwin" : "linux", arch === "arm64" ? "arm64" : "amd64"];
}
