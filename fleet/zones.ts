import { join } from "node:path";
import { loadZone } from "../plan/config/load.ts";
import { suggestion } from "../plan/config/nearest.ts";
import { formatProblem, hasErrors, ProblemsError, type Problem } from "../plan/config/problem.ts";
import { listZones } from "../plan/config/read.ts";
import type { Zone } from "../plan/config/zone.ts";
import { planZone, type Plan } from "../plan/plan.ts";
import { findTool } from "../tools/find.ts";
import { toolSearch, UserError, type Surroundings } from "./surroundings.ts";

/** The zones that a command was asked for, in the order of the names; all of them for an empty list. */
export async function chosenZones(surroundings: Surroundings, names: readonly string[]): Promise<string[]> {
  const all = await listZones(surroundings.repository);
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    throw new UserError(
      unknown.map((name) => `wanted a zone, got ${name}: ${suggestion(name, all)}`).join("\n"),
    );
  }
  return names.length === 0 ? all : [...names];
}

/** A zone that can be worked with; its warnings go to stderr, its errors end the command. */
export async function requireZone(surroundings: Surroundings, name: string): Promise<Zone> {
  const { zone, problems } = await loadZone(surroundings.repository, name);
  show(surroundings, problems);
  if (zone === undefined) throw new ProblemsError(problems.filter(({ severity }) => severity === "error"));
  return zone;
}

/** What is wrong with a zone beside its plan, if it has one. */
export interface PlannedZone {
  readonly name: string;
  readonly plan: Plan | undefined;
  readonly problems: readonly Problem[];
}

/** Plans a zone from files alone. */
export async function plan(surroundings: Surroundings, name: string): Promise<PlannedZone> {
  const { zone, problems } = await loadZone(surroundings.repository, name);
  if (zone === undefined) return { name, plan: undefined, problems };
  const planned = await planOf(surroundings, zone);
  return { name, plan: planned, problems: [...problems, ...planned.findings] };
}

/** Plans a zone that is loaded already. */
export async function planOf(surroundings: Surroundings, zone: Zone): Promise<Plan> {
  const kustomize = await findTool("kustomize", toolSearch(surroundings));
  return planZone(zone, {
    repository: surroundings.repository,
    kustomize: kustomize.path,
    cacheDirectory: join(surroundings.repository, ".cache", "render"),
  });
}

/** A plan without errors; warnings go to stderr. */
export async function requirePlan(surroundings: Surroundings, name: string): Promise<Plan> {
  const { plan: planned, problems } = await plan(surroundings, name);
  if (planned === undefined || hasErrors(problems)) {
    throw new ProblemsError(problems.filter(({ severity }) => severity === "error"));
  }
  show(surroundings, problems);
  return planned;
}

function show(surroundings: Surroundings, problems: readonly Problem[]): void {
  for (const problem of problems)
    if (problem.severity === "warning") surroundings.err(formatProblem(problem));
}
