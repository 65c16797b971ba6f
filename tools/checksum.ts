import type { PublishedChecksum } from "./pins.ts";

const SHA256 = /^[0-9a-f]{64}$/;

/** The sha256 of the file `name` in what its vendor publishes; undefined when it says none. */
export function publishedSha256(
  form: PublishedChecksum["form"],
  text: string,
  name: string,
): string | undefined {
  switch (form) {
    case "bare":
      return valid(text.trim().split(/\s+/)[0]);
    case "list":
      return valid(listed(text, name));
    case "github":
      return valid(assetDigest(text, name));
  }
}

/** Lines as `sha256sum` writes them: a `*` before the name means "read as bytes". */
function listed(text: string, name: string): string | undefined {
  for (const line of text.split("\n")) {
    const [sum, file] = line.trim().split(/\s+\*?/);
    if (file?.replace(/^\.\//, "") === name) return sum;
  }
  return undefined;
}

function assetDigest(text: string, name: string): string | undefined {
  let release: unknown;
  try {
    release = JSON.parse(text);
  } catch {
    return undefined;
  }
  const assets = field(release, "assets");
  if (!Array.isArray(assets)) return undefined;
  const asset: unknown = assets.find((candidate) => field(candidate, "name") === name);
  const digest = field(asset, "digest");
  return typeof digest === "string" ? digest.replace(/^sha256:/, "") : undefined;
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function valid(sum: string | undefined): string | undefined {
  const lower = sum?.toLowerCase();
  return lower !== undefined && SHA256.test(lower) ? lower : undefined;
}
