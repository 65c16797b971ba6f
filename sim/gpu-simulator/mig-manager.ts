import { isDeepStrictEqual } from "node:util";
import { enablesMig, standardLayout, standardLayoutNames } from "../../plan/gpu/mig.ts";
import { MIG_STATE, readMigState, type Board, type MigState } from "../annotations.ts";
import { DEPLOY, MIG_CAPABLE, MIG_CONFIG, MIG_CONFIG_STATE } from "./labels.ts";
import { gpuUsers } from "./gpu-holders.ts";
import type { NodeDraft } from "./node-draft.ts";

const WHOLE: MigState = { config: "", enabled: false, layout: {} };

/** How the node's boards are cut now; whole where nobody has cut them. */
export function migState(node: NodeDraft): MigState {
  return readMigState(node.annotations) ?? WHOLE;
}

/** True while the boards are being cut: the device plugin and GPU Feature Discovery are paused then. */
export function isRepartitioning(node: NodeDraft): boolean {
  return node.labels[MIG_CONFIG_STATE] === "pending";
}

/**
 * The MIG manager: one step of it, since the node shows `pending` before it shows `success`. It evicts nobody: while
 * a pod holds a GPU of the node it fails, and what failed is not tried again until the label changes.
 */
export function partition(node: NodeDraft, board: Board): void {
  const { labels } = node;
  const wanted = labels[MIG_CONFIG] ?? "";
  if (wanted === "" || labels[`${DEPLOY}mig-manager`] !== "true" || labels[MIG_CAPABLE] !== "true") return;
  const now = migState(node);
  const state = labels[MIG_CONFIG_STATE];
  if (now.config === wanted && state === "success") return;
  if (now.config === wanted && state === "failed") {
    node.complaints.push(`MIG manager: ${wanted} failed, nothing is tried until ${MIG_CONFIG} changes`);
    return;
  }

  const layout = standardLayout(board.product, wanted);
  if (layout === undefined) {
    const known = standardLayoutNames(board.product).join(", ");
    node.complaints.push(`MIG manager: ${board.product} has no layout ${wanted} (it has ${known})`);
    finish(node, "failed", { ...now, config: wanted });
    return;
  }
  const next = { config: wanted, enabled: enablesMig(wanted), layout };
  const applied = now.enabled === next.enabled && isDeepStrictEqual(now.layout, layout);
  const holders = gpuUsers(node).map(({ namespace, name }) => `${namespace}/${name}`);
  if (applied) finish(node, "success", next);
  else if (state !== "pending") labels[MIG_CONFIG_STATE] = "pending";
  else if (holders.length === 0) finish(node, "success", next);
  else {
    node.complaints.push(`MIG manager: the boards are in use by ${holders.join(", ")}`);
    finish(node, "failed", { ...now, config: wanted });
  }
}

function finish(node: NodeDraft, state: "success" | "failed", next: MigState): void {
  node.labels[MIG_CONFIG_STATE] = state;
  node.annotations[MIG_STATE] = JSON.stringify(next);
}
