import * as pulumi from "@pulumi/pulumi";
import { withoutClearText } from "../plan/config/engine.ts";
import type { LoadedZone } from "../plan/config/load.ts";
import { describeProblem, type Problem } from "../plan/config/problem.ts";
import type { Zone } from "../plan/config/zone.ts";
import { StackState, type ResourceOutputs } from "./stack-state.ts";

/** The only file that asks the engine: which stack, which kind of run, what the last update left. */
export const stack = {
  name: pulumi.getStack(),
  /** True when nothing will be written. A refresh or destroy that runs the program is no preview. */
  preview: pulumi.runtime.isDryRun(),
  config: withoutClearText(pulumi.runtime.allConfig(), process.env["PULUMI_CONFIG_SECRET_KEYS"]),
  /** True when what is in the cluster and is not in the state may be taken over instead of refused. */
  takesOver: takenOut("PULUMI_K8S_UPSERT_EXISTING_OBJECTS") === "true",
};

/**
 * The provider's plugin inherits the variable from the engine. Here it goes: the SDK would copy it into the provider's
 * inputs, and each change between `zones up` and plain `pulumi up` would be an update of the provider.
 */
function takenOut(variable: string): string | undefined {
  const value = process.env[variable];
  Reflect.deleteProperty(process.env, variable);
  return value;
}

const fullName = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");

/** Outputs of the last successful update; empty on the first. */
export async function lastOutputs(): Promise<Record<string, unknown>> {
  const answer = (await pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", { name: fullName })) as {
    outputs?: Record<string, unknown>;
  };
  return answer.outputs ?? {};
}

/** What the state held when the run began, resource by resource; empty on the first run, not after one that died. */
export function readState(): Promise<StackState> {
  return (state ??= askState());
}

let state: Promise<StackState> | undefined;

async function askState(): Promise<StackState> {
  const { outputs = {} } = (await pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {
    stackName: fullName,
  })) as { outputs?: ResourceOutputs };
  return new StackState(outputs);
}

/**
 * Logs every finding and, when one is an error, ends the run before anything is registered.
 * Throwing is essential: a program that logs and returns reads as an empty one, and the engine deletes the zone.
 */
export async function stopOnErrors(problems: readonly Problem[]): Promise<void> {
  for (const problem of problems) {
    const text = describeProblem(problem);
    await (problem.severity === "error" ? pulumi.log.error(text) : pulumi.log.warn(text));
  }
  const errors = problems.filter((problem) => problem.severity === "error").length;
  if (errors === 0) return;
  const stops = errors === 1 ? "problem stops" : "problems stop";
  const failure = new pulumi.RunError(`${errors} ${stops} this run; nothing was changed`);
  // Node inspects a thrown error's whole object graph otherwise, which took ten seconds.
  failure.stack = failure.message;
  throw failure;
}

/** The zone, or the end of the run with everything that keeps it from being one. */
export async function requireZone({ zone, problems }: LoadedZone): Promise<Zone> {
  if (zone !== undefined) return zone;
  await stopOnErrors(problems);
  throw new Error("a zone that could not be loaded has no error to tell");
}
