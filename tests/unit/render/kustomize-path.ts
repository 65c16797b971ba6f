import { findTool } from "../../../tools/find.ts";

/** Path of the kustomize that the tests run: the one that `zones` would find. */
export const KUSTOMIZE = (await findTool("kustomize")).path;

/** Limit of a test that starts kustomize: that takes 40 ms on a quiet machine, and machines that run tests are busy. */
export const LIMIT_MS = 30_000;
