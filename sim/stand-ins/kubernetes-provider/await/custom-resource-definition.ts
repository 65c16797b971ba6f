import { conditionHolds, readyUnless, type Judge } from "./verdict.ts";

/** A CustomResourceDefinition is ready when the API server serves its kinds. */
export const customResourceDefinition: Judge = (live) =>
  readyUnless(!conditionHolds(live, "Established") && "the API server does not serve the new kind yet");
