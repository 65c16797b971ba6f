import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DRIVER, gpu, one, pod, pools } from "./driver-pods.ts";
import { containerOf, mountOf } from "./operand-objects.ts";

describe("the driver's files from the zone", () => {
  const settings =
    "gpu: { driver: { repoConfig: { configMapName: repos }, certConfig: { name: certs }, kernelModuleConfig: { name: modules } } }\n";
  const started = (zone: string): string => {
    const { command = [], args = [] } = containerOf(pod(zone), DRIVER);
    return [...command, ...args].join(" ");
  };
  const systems: [os: string, repos: string, certs: string][] = [
    ["ubuntu24.04", "/etc/apt/sources.list.d", "/usr/local/share/ca-certificates"],
    ["rhel9", "/etc/yum.repos.d", "/etc/pki/ca-trust/extracted/pem"],
    ["rocky9", "/etc/yum.repos.d", "/etc/pki/ca-trust/extracted/pem"],
    ["sles15.6", "/etc/zypp/repos.d", "/etc/pki/trust/anchors"],
  ];
  for (const [os, repos, certs] of systems) {
    it(`are where ${os} looks for them before the driver starts`, () => {
      const zone = pools(`os: ${os}`) + settings;
      assert.equal(mountOf(pod(zone), DRIVER, "/etc/gpu-zones/repo-config"), "repos");
      assert.equal(mountOf(pod(zone), DRIVER, "/etc/gpu-zones/cert-config"), "certs");
      assert.equal(mountOf(pod(zone), DRIVER, "/etc/gpu-zones/kernel-module-config"), "modules");
      assert.equal(
        started(zone),
        `sh -c mkdir -p ${repos} && cp -L /etc/gpu-zones/repo-config/* ${repos}/ && mkdir -p ${certs} && cp -L /etc/gpu-zones/cert-config/* ${certs}/ && mkdir -p /drivers && cp -L /etc/gpu-zones/kernel-module-config/* /drivers/ && exec nvidia-driver init`,
      );
    });
  }

  it("are added to those of the image, every key of the ConfigMap", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "gpu-zones-driver-"));
    try {
      for (const directory of ["etc/gpu-zones/repo-config", "etc/apt/sources.list.d", "bin"])
        mkdirSync(path.join(folder, directory), { recursive: true });
      writeFileSync(path.join(folder, "etc/gpu-zones/repo-config/a.list"), "mirror");
      writeFileSync(path.join(folder, "etc/apt/sources.list.d/cuda.list"), "cuda");
      writeFileSync(path.join(folder, "bin/nvidia-driver"), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
      const [script = ""] = containerOf(pod(gpu("{ repoConfig: { configMapName: r } }")), DRIVER).args ?? [];
      const out = execFileSync("/bin/sh", ["-c", script.replaceAll("/etc/", `${folder}/etc/`)], {
        env: { PATH: `${folder}/bin:/usr/bin:/bin` },
        encoding: "utf8",
      });
      assert.equal(out, "init\n");
      const directory = path.join(folder, "etc/apt/sources.list.d");
      assert.equal(readFileSync(path.join(directory, "a.list"), "utf8"), "mirror");
      assert.equal(readFileSync(path.join(directory, "cuda.list"), "utf8"), "cuda");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("are the modules' alone where the driver is precompiled", () => {
    const zone = pools("driver: { mode: precompiled }, kernel: 5.15.0-118-generic") + settings;
    assert.equal(
      started(zone),
      "sh -c mkdir -p /drivers && cp -L /etc/gpu-zones/kernel-module-config/* /drivers/ && exec nvidia-driver init",
    );
  });

  it("bring RHEL its subscription, unless the packages come from elsewhere", () => {
    const mounted = (zone: string) =>
      (containerOf(pod(zone), DRIVER).volumeMounts ?? [])
        .filter(({ mountPath }) => mountPath.startsWith("/run/secrets/"))
        .map(({ mountPath }) => `${mountPath} ${mountOf(pod(zone), DRIVER, mountPath) ?? ""}`);
    assert.deepEqual(mounted(pools("os: rhel9")), [
      "/run/secrets/etc-pki-entitlement /etc/pki/entitlement",
      "/run/secrets/redhat.repo /etc/yum.repos.d/redhat.repo",
      "/run/secrets/rhsm /etc/rhsm",
    ]);
    for (const zone of [
      one,
      pools("os: rocky9"),
      pools("os: rhel9") + settings,
      pools("os: rhel9, runtime: crio@1.34"),
      pools("os: rhel9, driver: { mode: precompiled }, kernel: 5.14.0-427.el9.x86_64"),
    ])
      assert.deepEqual(mounted(zone), [], zone);
  });
});
