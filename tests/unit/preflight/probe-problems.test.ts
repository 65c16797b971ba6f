import assert from "node:assert/strict";
import type { NodePool, Zone } from "../../../plan/config/zone.ts";
import { probeProblems, type Probed } from "../../../plan/preflight/probe-problems.ts";
import { parseProbe, type ProbeReport } from "../../../plan/preflight/probe-report.ts";
import { zoneOf } from "../sim/zone-builder.ts";

/** Logs as three kinds of hosts print them. */
const LOGS = {
  ubuntu: `gpu-zones-probe 1
kernel=5.15.0-118-generic
secureBoot=disabled
nouveau=absent
nvidiaModule=absent
boards=1
hostDriver=absent
headers=available
containerdFile=2
containerdDump=3
inotifyInstances=8192
inotifyWatches=524288
gpu-zones-probe end
`,
  rhel: `gpu-zones-probe 1\r
kernel=5.14.0-427.13.1.el9_4.x86_64\r
secureBoot=enabled\r
nouveau=loaded\r
nvidiaModule=550.54.15\r
boards=8\r
hostDriver=550.54.15\r
headers=unknown\r
containerdFile=absent\r
containerdDump=absent\r
inotifyInstances=128\r
inotifyWatches=unknown\r
gpu-zones-probe end\r
`,
};
const WELL = parseProbe(LOGS.ubuntu)!;

describe("what a probe printed", () => {
  it("is read as it was said", () => {
    assert.deepEqual(WELL, {
      kernel: "5.15.0-118-generic",
      secureBoot: false,
      nouveau: false,
      boards: 1,
      hostDriver: "absent",
      headers: "available",
      containerdFile: 2,
      containerdDump: 3,
      inotifyInstances: 8192,
    });
    assert.deepEqual(parseProbe(LOGS.rhel), {
      kernel: "5.14.0-427.13.1.el9_4.x86_64",
      secureBoot: true,
      nouveau: true,
      boards: 8,
      hostDriver: "550.54.15",
      headers: undefined,
      containerdFile: undefined,
      containerdDump: undefined,
      inotifyInstances: 128,
    });
  });

  it("is no report before its last line is there, wherever the log is cut", () => {
    const whole = LOGS.ubuntu.trimEnd();
    for (let length = 0; length < whole.length; length++)
      assert.equal(parseProbe(whole.slice(0, length)), undefined, `cut at ${length}`);
    assert.deepEqual(parseProbe(`warning: something else\n${LOGS.ubuntu}`), WELL);
  });
});

describe("a probed host", () => {
  const zone = (input: Partial<NodePool> = {}, gpu = {}): Zone =>
    zoneOf({ t4: { product: "Tesla-T4", nodes: ["n1"], ...input } }, gpu);
  const told = (of: Zone, changes: Partial<ProbeReport>, runtime = "containerd@2.1.4"): string[] =>
    probeProblems(of, [{ pool: "t4", node: "n1", runtime, report: { ...WELL, ...changes } }]).map(
      ({ severity, code, path, message }) => `${severity} ${code} ${path}: ${message}`,
    );
  const PRECOMPILED = { driver: { mode: "precompiled" } };
  const PREINSTALLED = { driver: { mode: "preinstalled" } };

  const cases: [what: string, pool: object, changes: Partial<ProbeReport>, wrong: RegExp | undefined][] = [
    ["that is well", {}, {}, undefined],
    [
      "that says nothing of itself",
      {},
      {
        secureBoot: undefined,
        nouveau: undefined,
        boards: undefined,
        hostDriver: undefined,
        headers: undefined,
        containerdDump: undefined,
        containerdFile: undefined,
        inotifyInstances: undefined,
      },
      undefined,
    ],
    ["with Secure Boot", {}, { secureBoot: true }, /^error GZ406 nodePools\.t4\.driver: .* got Secure Boot/],
    ["with Secure Boot and a signed driver", PRECOMPILED, { secureBoot: true }, undefined],
    [
      "with Secure Boot and a driver of its own",
      PREINSTALLED,
      { secureBoot: true, hostDriver: "550.1" },
      undefined,
    ],
    [
      "with Secure Boot where the pool says there is none",
      { ...PRECOMPILED, secureBoot: false },
      { secureBoot: true },
      /^warning GZ403 nodePools\.t4\.secureBoot: wanted secureBoot false, got true on n1$/,
    ],
    ["with nouveau", {}, { nouveau: true }, /^warning GZ406 nodePools\.t4: .*nouveau/],
    [
      "with a driver that nobody declared",
      {},
      { hostDriver: "550.1" },
      /^error GZ406 .* got the driver 550\.1/,
    ],
    ["with a broken driver", {}, { hostDriver: "broken" }, /^error GZ406 .* does not answer/],
    ["with a declared driver", PREINSTALLED, { hostDriver: "550.1" }, undefined],
    ["without the declared driver", PREINSTALLED, {}, /^error GZ406 .*mode preinstalled says, got none/],
    ["whose kernel has no headers", {}, { headers: "missing" }, /^warning GZ406 .*5\.15\.0-118-generic/],
    ["whose kernel needs no headers", PRECOMPILED, { headers: "missing" }, undefined],
    ["with another number of boards", {}, { boards: 0 }, /^error GZ403 nodePools\.t4\.gpusPerNode: .* got 0/],
    [
      "whose containerd would not start again",
      { runtime: "containerd@1.7" },
      {},
      /^error GZ406 nodePools\.t4\.runtime: .*own version 3, got version 2/,
    ],
    ["whose containerd reads the file alone", { runtime: "containerd@2.1" }, {}, undefined],
    ["whose file is containerd's version", { runtime: "containerd@1.7" }, { containerdFile: 3 }, undefined],
    ["with few inotify instances", {}, { inotifyInstances: 128 }, /^warning GZ406 .* got 128/],
  ];
  for (const [what, pool, changes, wrong] of cases) {
    it(`${what} is ${wrong === undefined ? "right" : "told"}`, () => {
      const problems = told(zone(pool), changes);
      assert.equal(problems.length, wrong === undefined ? 0 : 1, problems.join("\n"));
      if (wrong !== undefined) assert.match(problems[0] ?? "", wrong);
    });
  }

  it("is judged by the containerd that it runs, before its pool says so", () => {
    assert.match(
      told(zone(), {}, "containerd@1.7.22")[0] ?? "",
      /^error GZ406 nodePools\.t4\.runtime: .* with what containerd@1\.7\.22 makes the toolkit write/,
    );
    assert.deepEqual(told(zone(), {}), []);
  });

  it("is judged by its boards alone where somebody else installs driver and toolkit", () => {
    const report = { secureBoot: true, nouveau: true, hostDriver: "broken", headers: "missing" as const };
    assert.deepEqual(told(zone({ runtime: "containerd@1.7" }, { managed: false }), report), []);
  });

  it("is one problem with those of its pool that are wrong in the same way", () => {
    const probed: Probed[] = ["n2", "n1"].map((node) => ({
      pool: "t4",
      node,
      runtime: undefined,
      report: { ...WELL, nouveau: true },
    }));
    const [problem, ...more] = probeProblems(zone(), probed);
    assert.deepEqual(more, []);
    assert.match(problem?.message ?? "", / on n1, n2$/);
  });

  it("of which nothing is heard is a warning with the reason, and not a host that is well", () => {
    const [problem] = probeProblems(zone(), [
      { pool: "t4", node: "n1", runtime: undefined, report: "none within 150 s" },
    ]);
    assert.equal(problem?.code, "GZ311");
    assert.equal(problem.message, "wanted a probe of the host, got none within 150 s on n1");
  });
});
