import assert from "node:assert/strict";
import { findToolsIn } from "../../../tools/find.ts";
import { ToolsError, type ToolName } from "../../../tools/tool.ts";
import { script, type Workshop } from "./workshop.ts";

/** Path of kwok's executable below a mirror. */
export const PLAIN = "/github.com/kubernetes-sigs/kwok/releases/download/v0.8.0/kwok-linux-amd64";

/** Path of what GitHub says of kwok's release. */
export const KWOK_RELEASE = "/api.github.com/repos/kubernetes-sigs/kwok/releases/tags/v0.8.0";
/** What lies at PLAIN. */
export const KWOK = script("kwok version v0.8.0 go1.26.8 (linux/amd64)");

/** The reasons for which the one wanted tool is missing. */
export async function missingReasons(name: ToolName, shop: Workshop): Promise<readonly string[]> {
  try {
    await findToolsIn([name], shop);
  } catch (error) {
    assert.ok(error instanceof ToolsError, String(error));
    return error.missing.flatMap((tool) => tool.reasons);
  }
  throw new assert.AssertionError({ message: `${name} was installed` });
}

/** What GitHub's API says of a release with one file. */
export function assets(name: string, sum: string): string {
  return JSON.stringify({ assets: [{ name, digest: `sha256:${sum}` }] });
}
