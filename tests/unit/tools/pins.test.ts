import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { PINS, SHA256 } from "../../../tools/pins.ts";
import { PLATFORMS } from "../../../tools/platform.ts";
import { TOOL_NAMES } from "../../../tools/tool.ts";
import { fits } from "../../../tools/version.ts";

const toolsFolder = new URL("../../../tools/", import.meta.url);

/** Files that are compared with what their vendor publishes beside them, over https. */
const UNPINNED = [
  "etcd-v3.7.3-linux-amd64.tar.gz",
  "etcd-v3.7.3-linux-arm64.tar.gz",
  "kube-apiserver linux-amd64",
  "kube-apiserver linux-arm64",
  "kube-controller-manager linux-amd64",
  "kube-controller-manager linux-arm64",
  "kube-scheduler linux-amd64",
  "kube-scheduler linux-arm64",
  "kubectl darwin-amd64",
  "kubectl darwin-arm64",
  "kubectl linux-amd64",
  "kubectl linux-arm64",
  "kwok-darwin-amd64",
  "kwok-darwin-arm64",
  "kwok-linux-arm64",
  "kwokctl-darwin-amd64",
  "kwokctl-darwin-arm64",
  "kwokctl-linux-arm64",
  "prometheus-3.16.0.darwin-amd64.tar.gz",
  "prometheus-3.16.0.darwin-arm64.tar.gz",
  "prometheus-3.16.0.linux-amd64.tar.gz",
  "prometheus-3.16.0.linux-arm64.tar.gz",
  "pulumi-resource-kubernetes-v4.34.2-darwin-amd64.tar.gz",
  "pulumi-resource-kubernetes-v4.34.2-darwin-arm64.tar.gz",
  "pulumi-resource-kubernetes-v4.34.2-linux-amd64.tar.gz",
  "pulumi-resource-kubernetes-v4.34.2-linux-arm64.tar.gz",
  "pulumi-v3.259.0-darwin-arm64.tar.gz",
  "pulumi-v3.259.0-darwin-x64.tar.gz",
  "pulumi-v3.259.0-linux-arm64.tar.gz",
  "pulumi-v3.259.0-linux-x64.tar.gz",
];

describe("the table of pinned versions", () => {
  for (const name of TOOL_NAMES) {
    const pin = PINS[name];

    it(`takes the pinned ${name} when it is on PATH`, () => {
      assert.equal(pin.name, name);
      assert.ok(fits(pin, pin.version));
    });

    it(`names a download or a Go module of ${name} for every platform`, () => {
      for (const platform of PLATFORMS) {
        assert.ok(pin.release(platform) !== undefined || pin.goPackage !== undefined, platform);
      }
    });

    it(`asks for ${name} over https, with its version in the address`, () => {
      for (const platform of PLATFORMS) {
        const release = pin.release(platform);
        if (release === undefined) continue;
        for (const url of [release.url, release.published.url]) {
          assert.equal(new URL(url).protocol, "https:");
          assert.ok(url.includes(pin.version), url);
        }
      }
    });

    it(`builds ${name} from a package that its go.mod declares as a tool of the same version`, () => {
      if (pin.goPackage === undefined) {
        assert.ok(pin.standIn, "neither Go module nor stand-in");
        return;
      }
      const goMod = readFileSync(new URL(`${String(pin.source.module)}/go.mod`, toolsFolder), "utf8");
      assert.match(goMod, new RegExp(`^(tool )?\\s*${pin.goPackage}$`, "m"));
      const required = [...goMod.matchAll(/^\s*(?:require )?(\S+) v(\S+)/gm)].filter(
        ([, module]) => pin.goPackage === module || pin.goPackage?.startsWith(`${String(module)}/`),
      );
      assert.deepEqual(required.map(([, , version]) => version).slice(-1), [pin.goVersion ?? pin.version]);
    });
  }

  it("pins checksums only of files that some release has", () => {
    const pinned = PLATFORMS.flatMap((platform) =>
      Object.values(PINS).map((pin) => pin.release(platform)?.sha256),
    );
    assert.deepEqual(
      Object.values(SHA256).filter((sum) => !pinned.includes(sum)),
      [],
    );
    for (const sum of Object.values(SHA256)) assert.match(sum, /^[0-9a-f]{64}$/);
  });

  it("leaves no more files to their vendors' own checksums than these; take a line out when its file is pinned", () => {
    const unpinned = new Set<string>();
    for (const name of TOOL_NAMES) {
      for (const platform of PLATFORMS) {
        const release = PINS[name].release(platform);
        if (release === undefined || release.sha256 !== undefined) continue;
        const file = String(release.url.split("/").at(-1));
        // Kubernetes' files bear their tool's name alone.
        unpinned.add(file === name ? `${name} ${platform}` : file);
      }
    }
    assert.deepEqual([...unpinned].toSorted(), UNPINNED);
    const readme = readFileSync(new URL("README.md", toolsFolder), "utf8");
    for (const pinned of Object.keys(SHA256))
      assert.ok(readme.includes(`\`${pinned}\``), `README.md lacks ${pinned}`);
  });

  it("knows the addresses of the vendors' releases", () => {
    const addresses = TOOL_NAMES.map((name) => PINS[name].release("linux-amd64")?.url);
    assert.deepEqual(addresses, [
      "https://get.pulumi.com/releases/sdk/pulumi-v3.259.0-linux-x64.tar.gz",
      "https://get.pulumi.com/releases/sdk/pulumi-v3.259.0-linux-x64.tar.gz",
      "https://get.pulumi.com/releases/plugins/pulumi-resource-kubernetes-v4.34.2-linux-amd64.tar.gz",
      "https://dl.k8s.io/release/v1.37.2/bin/linux/amd64/kubectl",
      "https://github.com/kubernetes-sigs/kustomize/releases/download/kustomize%2Fv5.8.1/kustomize_v5.8.1_linux_amd64.tar.gz",
      "https://dl.k8s.io/release/v1.37.2/bin/linux/amd64/kube-apiserver",
      "https://dl.k8s.io/release/v1.37.2/bin/linux/amd64/kube-controller-manager",
      "https://dl.k8s.io/release/v1.37.2/bin/linux/amd64/kube-scheduler",
      "https://github.com/etcd-io/etcd/releases/download/v3.7.3/etcd-v3.7.3-linux-amd64.tar.gz",
      "https://github.com/kubernetes-sigs/kwok/releases/download/v0.8.0/kwok-linux-amd64",
      "https://github.com/kubernetes-sigs/kwok/releases/download/v0.8.0/kwokctl-linux-amd64",
      "https://github.com/prometheus/prometheus/releases/download/v3.16.0/prometheus-3.16.0.linux-amd64.tar.gz",
    ]);
  });
});
