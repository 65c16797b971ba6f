import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { loadZone } from "../../../plan/config/load.ts";
import { formatProblem, type Problem } from "../../../plan/config/problem.ts";
import { PROBLEM_CODES } from "../../../plan/config/problem-codes.ts";
import { LIVE_CODES } from "../../../plan/config/problem-codes/live.ts";
import type { CodeInfo, Example, ExampleRun } from "../../../plan/config/problem-codes/code-info.ts";
import type { Zone } from "../../../plan/config/zone.ts";
import type { RunInput } from "../../../plan/gates/gate.ts";
import { checkGates } from "../../../plan/gates/gates.ts";
import { planZone } from "../../../plan/plan.ts";
import { KUSTOMIZE, LIMIT_MS } from "../render/kustomize-path.ts";
import { withTree, writeTree } from "../render/tree.ts";

const CHECKOUT = join(import.meta.dirname, "..", "..", "..");
const CODES = Object.entries<CodeInfo>(PROBLEM_CODES);

/** Findings that only a live cluster gives; their examples say in words what it holds. */
const LIVE = ["GZ307", "GZ308", "GZ309", "GZ310", "GZ311", ...Object.keys(LIVE_CODES)];

/** Warnings of a zone that says little: examples of other things need not name a package mirror or a runtime. */
const LACONIC = ["GZ215", "GZ221"];

describe("the table of problem codes", function () {
  this.timeout(LIMIT_MS);

  for (const [code, { why, wrong, right, title }] of CODES) {
    it(`${code} (${title}) says why in two or three sentences`, () => {
      const sentences = why.split(/[.;](?:\s|$)/).filter((text) => text.trim() !== "").length;
      assert.ok(sentences >= 2 && sentences <= 4, `${sentences} sentences: ${why}`);
    });

    it(`${code} (${title}) has a mended example that is another one`, () => {
      assert.notDeepEqual(right, wrong);
    });

    if (LIVE.includes(code)) {
      it(`${code} (${title}) says what the cluster holds, and its files alone are right`, async () => {
        for (const example of [wrong, right]) {
          assert.ok((example.run?.live ?? "") !== "");
          assert.deepEqual(errors(await problemsOf({ files: example.files })), []);
        }
      });
      continue;
    }

    it(`${code} (${title}) is raised by its wrong example`, async () => {
      const problems = await problemsOf(wrong);
      assert.ok(problems.some(has(code)), problems.map(formatProblem).join("\n"));
    });

    it(`${code} (${title}) is the only thing wrong with the files of its wrong example`, async () => {
      const problems = await problemsOf({ files: wrong.files });
      assert.deepEqual(
        problems
          .filter((problem) => !has(code)(problem) && !LACONIC.includes(problem.code))
          .map(formatProblem),
        [],
      );
    });

    it(`${code} (${title}) is not raised by its right example, whose files have no other error`, async () => {
      const problems = await problemsOf(right);
      assert.deepEqual(problems.filter(has(code)).map(formatProblem), []);
      assert.deepEqual(errors(await problemsOf({ files: right.files })), []);
    });
  }
});

const has =
  (code: string) =>
  (problem: Problem): boolean =>
    problem.code === code;

function errors(problems: readonly Problem[]): string[] {
  return problems.filter(({ severity }) => severity === "error").map(formatProblem);
}

/** Everything that is wrong with an example, over the shipped layers and apps. */
async function problemsOf({ files, run }: Example): Promise<Problem[]> {
  return await withTree({}, async (repository) => {
    for (const folder of ["apps", "layers"])
      await cp(join(CHECKOUT, folder), join(repository, folder), { recursive: true });
    await writeTree(repository, files);
    const names = Object.keys(files).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
    assert.equal(names.length, 1, "an example has one stack file");
    const [name = ""] = names;
    const { zone, problems } = await loadZone(repository, name, run?.engine);
    if (zone === undefined) return [...problems];
    const { findings } = await planZone(zone, { repository, kustomize: KUSTOMIZE });
    return [...problems, ...findings, ...(run === undefined ? [] : checkGates(runInput(zone, run)))];
  });
}

function runInput(zone: Zone, { at, cluster, lastCluster, lastRelease }: ExampleRun): RunInput {
  return {
    zone,
    preview: false,
    now: new Date(at ?? "2026-11-24T12:00:00Z"),
    identity:
      cluster === null
        ? { state: "unreachable", cause: "dark", reason: "connection refused" }
        : { state: "known", uid: cluster ?? "6f1c2d3e-4a5b-4c6d-8e7f-9a0b1c2d3e4f" },
    simulatedUid: undefined,
    lastUid: lastCluster,
    lastRelease,
    stateHoldsObjects: lastCluster !== undefined,
    override: undefined,
  };
}
