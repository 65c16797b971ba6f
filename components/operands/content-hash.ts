import { createHash } from "node:crypto";

/** First ten hex digits of the SHA-256 of the text: short enough for a name, long enough not to meet another. */
export function contentHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 10);
}
