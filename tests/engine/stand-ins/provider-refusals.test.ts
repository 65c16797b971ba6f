import assert from "node:assert/strict";
import { KubernetesProvider } from "../../../sim/stand-ins/kubernetes-provider/provider.ts";
import type { JsonMap } from "../../../sim/stand-ins/plugin/protobuf.ts";
import { kubeconfigFor, providerFor, urnOf } from "./fake-api.ts";
import { configMap, definition, types } from "./objects.ts";

const dark = { kubeconfig: kubeconfigFor("http://127.0.0.1:1") };
const seed = new Uint8Array(8);
const secretMark = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };

describe("the Kubernetes provider stand-in: what it keeps secret and what it refuses", () => {
  const rawSecret: JsonMap = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "s", namespace: "default" },
    data: { a: "aHVzaA==" },
    stringData: { b: "hush" },
  };
  const hidden = {
    data: { ...secretMark, value: { a: "aHVzaA==" } },
    stringData: { ...secretMark, value: { b: "hush" } },
  };

  it("marks what a Secret holds as secret already in the inputs, whether the program did or not", async () => {
    const { inputs } = await providerFor(dark).check(urnOf(types.secret), undefined, rawSecret, seed);
    assert.deepEqual(inputs, { ...rawSecret, ...hidden });
  });

  it("keeps the marks in a preview that can only repeat the inputs", async () => {
    const provider = providerFor(dark);
    assert.deepEqual(await provider.previewCreate(urnOf(types.secret), rawSecret), {
      ...rawSecret,
      ...hidden,
    });
    const again = await provider.previewUpdate(urnOf(types.secret), "default/s", {}, rawSecret, []);
    assert.deepEqual(again, { ...rawSecret, ...hidden });
  });

  it("marks a whole list as secret when one of its items is, since the server may reorder it", async () => {
    const inputs = { ...configMap("l", {}), list: [{ a: { ...secretMark, value: "hush" } }, { b: "1" }] };
    const checked = (await providerFor(dark).check(urnOf(types.configMap), undefined, inputs, seed)).inputs;
    assert.deepEqual(checked["list"], { ...secretMark, value: [{ a: "hush" }, { b: "1" }] });
  });

  it("does not touch a cluster that is not on this machine", async () => {
    const provider = providerFor({ kubeconfig: kubeconfigFor("https://zone-1.example:6443") });
    const inputs = configMap("x", {});
    const refused = /zone-1\.example:6443 is not on this machine.*simulated zones only.*official plugin/;
    await assert.rejects(provider.create(urnOf(types.configMap), inputs, 0), refused);
    await assert.rejects(provider.previewCreate(urnOf(types.configMap), inputs), refused);
    await assert.rejects(provider.delete(urnOf(types.configMap), "default/x", {}, inputs, 0), refused);
  });

  const optionsRefused: [what: string, inputs: JsonMap, env: NodeJS.ProcessEnv, property: string][] = [
    ["rendering to files", { renderYamlToDirectory: "out" }, {}, "renderYamlToDirectory"],
    ["client-side apply", { enableServerSideApply: "false" }, {}, "enableServerSideApply"],
    ["client-side apply", {}, { PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY: "false" }, "enableServerSideApply"],
    ["strict mode", { strictMode: true }, {}, "strictMode"],
    ["waiting for every kind", {}, { PULUMI_K8S_AWAIT_ALL: "true" }, ""],
  ];
  for (const [what, inputs, env, property] of optionsRefused) {
    it(`refuses ${what} (${[...Object.keys(inputs), ...Object.keys(env)].join()}), which it does not model`, () => {
      const provider = new KubernetesProvider(env, () => assert.fail("nothing to say"));
      const [failure] = provider.checkConfig(inputs);
      assert.equal(failure?.property, property);
      assert.match(failure.reason, new RegExp(`${what}.*install the official plugin`));
      assert.throws(() => {
        provider.configure({ ...dark, ...inputs });
      }, /install the official plugin/);
    });
  }

  it("takes a provider's options at their defaults", () => {
    const inputs = { renderYamlToDirectory: "", enableServerSideApply: "true", strictMode: false };
    assert.deepEqual(new KubernetesProvider({}, () => assert.fail()).checkConfig(inputs), []);
  });

  it("refuses objects that ask for waits it does not model", async () => {
    const asked = {
      "pulumi.com/waitFor": "condition=Ready",
      "pulumi.com/replaceUnready": "true",
      "pulumi.com/skipAwait": "true",
    };
    const question = configMap("x", {}, asked);
    const { failures } = await providerFor(dark).check(urnOf(types.configMap), undefined, question, seed);
    assert.deepEqual(
      failures.map(({ property }) => property),
      ['metadata.annotations["pulumi.com/waitFor"]', 'metadata.annotations["pulumi.com/replaceUnready"]'],
    );
  });

  for (const type of [
    "kubernetes:helm.sh/v3:Release",
    "kubernetes:helm.sh/v4:Chart",
    "kubernetes:yaml/v2:ConfigFile",
    "kubernetes:kustomize/v2:Directory",
    "kubernetes:core/v1:ConfigMapList",
    "kubernetes:apps/v1:DeploymentList",
  ]) {
    it(`refuses ${type}, which the official plugin takes apart itself`, async () => {
      const check = providerFor(dark).check(urnOf(type), undefined, { metadata: { name: "x" } }, seed);
      await assert.rejects(check, /the stand-in provider has no kubernetes:.*install the official/);
    });
  }

  it("takes a custom resource whose kind merely ends in List", async () => {
    const inputs = { metadata: { name: "x", namespace: "n" } };
    const check = await providerFor(dark).check(
      urnOf("kubernetes:shop.test/v1:PriceList"),
      undefined,
      inputs,
      seed,
    );
    assert.equal(check.inputs["kind"], "PriceList");
  });

  it("spells schema extensions as Kubernetes does, where an SDK's names cannot have dashes", async () => {
    const typed = { ...definition("Dashed"), extra: [{ x_kubernetes_int_or_string: true, x_other: 1 }] };
    const { inputs } = await providerFor(dark).check(urnOf(types.definition), undefined, typed, seed);
    assert.deepEqual(inputs["extra"], [{ "x-kubernetes-int-or-string": true, x_other: 1 }]);
  });

  it('takes only "true" for a yes, as the official plugin does', async () => {
    const olds = configMap("a", { k: "1" });
    const news = configMap("a", { k: "2" });
    const replaced = async (config: JsonMap, env: NodeJS.ProcessEnv): Promise<boolean> => {
      const provider = providerFor({ ...dark, ...config }, env);
      const { changes } = await provider.diff(urnOf(types.configMap), olds, olds, news);
      return changes.some(({ replace }) => replace);
    };
    assert.equal(await replaced({}, { PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE: "1" }), true);
    assert.equal(await replaced({}, { PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE: "true" }), false);
    assert.equal(await replaced({ enableConfigMapMutable: "true" }, {}), false);
  });
});
