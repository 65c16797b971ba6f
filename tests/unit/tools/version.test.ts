import assert from "node:assert/strict";
import { PINS } from "../../../tools/pins.ts";
import type { ToolName } from "../../../tools/tool.ts";
import { fits, printedVersion } from "../../../tools/version.ts";

describe("the version of a tool on PATH", () => {
  const printed: [output: string, version: string | undefined][] = [
    ["v3.259.0\n", "3.259.0"],
    ["Client Version: v1.37.2\nKustomize Version: v5.8.1\n", "1.37.2"],
    ["Kubernetes v1.37.2\n", "1.37.2"],
    ["etcd Version: 3.7.3\nGit SHA: Not provided\nGo Version: go1.26.8\n", "3.7.3"],
    ["kwok version v0.8.0 go1.26.8 (linux/amd64)\n", "0.8.0"],
    ["Client Version: v1.32.4-dispatcher\n", "1.32.4-dispatcher"],
    ["v1.36.2-gke.100+abc\n", "1.36.2-gke.100+abc"],
    ["v5.8.1+fork\n", "5.8.1+fork"],
    ["promtool, version 3.16.0 (branch: HEAD, revision: 1a2b3c4)\n  go version: go1.26.8\n", "3.16.0"],
    ["(devel)\n", undefined],
    ["", undefined],
  ];
  for (const [output, version] of printed) {
    it(`is ${String(version)} when it prints ${JSON.stringify(output)}`, () => {
      assert.equal(printedVersion(output), version);
    });
  }

  const verdicts: [ToolName, version: string | undefined, fits: boolean][] = [
    ["kustomize", "5.8.1", true],
    ["kustomize", "5.8.0", false],
    ["kustomize", "5.8.2", false],
    ["kustomize", "5.8.1-rc.1", false],
    ["kustomize", "5.8.1-dirty", false],
    ["kustomize", "5.8.1+fork", false],
    ["pulumi", "3.244.9", false],
    ["pulumi", "3.245.0", true],
    ["pulumi", "3.999.0", true],
    ["pulumi", "3.260.0-alpha.x1", true],
    ["pulumi", "4.0.0", false],
    ["kubectl", "1.35.9", false],
    ["kubectl", "1.36.0", true],
    ["kubectl", "1.36.2-gke.100", true],
    ["kubectl", "1.38.7", true],
    ["kubectl", "1.37.2+k3s1", true],
    ["kubectl", "1.39.0", false],
    ["kubectl", "2.37.0", false],
    ["kube-apiserver", "1.37.0", true],
    ["kube-apiserver", "1.36.4", false],
    ["kube-controller-manager", "1.38.0", false],
    ["kube-scheduler", "1.37.9", true],
    ["etcd", "3.7.0", true],
    ["etcd", "3.6.9", false],
    ["kwok", "0.8.3", true],
    ["kwokctl", "0.7.0", false],
    ["kwokctl", undefined, false],
    ["promtool", "3.0.0", true],
    ["promtool", "2.55.1", false],
    ["pulumi-language-nodejs", undefined, true],
    ["pulumi-resource-kubernetes", undefined, true],
  ];
  for (const [name, version, verdict] of verdicts) {
    it(`${verdict ? "fits" : "does not fit"} for ${name} ${String(version)}`, () => {
      assert.equal(fits(PINS[name], version), verdict);
    });
  }
});
