import assert from "node:assert/strict";
import type { V1ContainerState, V1Node, V1Pod } from "@kubernetes/client-node";
import { nodeStep } from "../../../fleet/node-step.ts";

const DEPLOY = "nvidia.com/gpu.deploy.";
const DRIVER = { app: "nvidia-driver-580-ubuntu22.04", "app.kubernetes.io/component": "nvidia-driver" };
const TOOLKIT = { app: "nvidia-container-toolkit-daemonset" };
const VALIDATOR = { app: "nvidia-operator-validator" };
const PLUGIN = { app: "nvidia-device-plugin-daemonset" };
const ALL = [DRIVER, TOOLKIT, VALIDATOR, PLUGIN];

const BOARD = { "feature.node.kubernetes.io/pci-10de.present": "true" };
const DEPLOYED = Object.fromEntries(
  ["driver", "container-toolkit", "operator-validator", "device-plugin"].map((name) => [
    DEPLOY + name,
    "true",
  ]),
);

const node = (labels: Record<string, string>): V1Node => ({ metadata: { name: "n1", labels } });
const DONE: V1ContainerState = { terminated: { exitCode: 0 } };
const RUNNING: V1ContainerState = { running: {} };

interface PodState {
  readonly inits?: Record<string, V1ContainerState>;
  /** Absent: ready. */
  readonly behind?: V1ContainerState;
}

function pod(labels: Record<string, string>, { inits = {}, behind }: PodState = {}): V1Pod {
  const ready = behind === undefined && Object.values(inits).every((state) => state === DONE);
  const status = (name: string, state: V1ContainerState, isReady: boolean) => ({
    name,
    state,
    ready: isReady,
    image: "",
    imageID: "",
    restartCount: 0,
  });
  return {
    metadata: { name: "p", namespace: "gpu-operator", labels },
    spec: { nodeName: "n1", containers: [] },
    status: {
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
      initContainerStatuses: Object.entries(inits).map(([name, state]) =>
        status(name, state, state === DONE),
      ),
      containerStatuses: [status("main", behind ?? RUNNING, ready)],
    },
  };
}

const VALIDATED = { "driver-validation": DONE, "toolkit-validation": DONE };
const crash = (message: string): V1ContainerState => ({ waiting: { reason: "CrashLoopBackOff", message } });

describe("what a node lacks on the way to its GPUs", () => {
  const labels = { ...BOARD, ...DEPLOYED };
  const cases: [step: string | null, labels: Record<string, string>, pods: V1Pod[]][] = [
    ["Node Feature Discovery: no label tells of a board of NVIDIA's", DEPLOYED, []],
    [`deploy labels: the labeller has not set ${DEPLOY}driver yet`, BOARD, []],
    [
      `deploy labels: the labeller has not set ${DEPLOY}device-plugin yet`,
      { ...labels, [`${DEPLOY}device-plugin`]: "" },
      [],
    ],
    [`${DEPLOY}operands=false: no operand runs there`, { ...labels, [`${DEPLOY}operands`]: "false" }, []],
    ["driver: no pod on the node yet", labels, [pod(TOOLKIT)]],
    [
      "driver: paused-for-driver-upgrade",
      { ...labels, [`${DEPLOY}driver`]: "paused-for-driver-upgrade" },
      [pod(TOOLKIT)],
    ],
    [
      "driver: k8s-driver-manager waits (CrashLoopBackOff: could not unload the module)",
      labels,
      [pod(DRIVER, { inits: { "k8s-driver-manager": crash("could not unload the module") }, behind: {} })],
    ],
    ["driver: main runs and is not done", labels, [pod(DRIVER, { behind: RUNNING })]],
    [
      "container toolkit: driver-validation runs and is not done",
      labels,
      [pod(DRIVER), pod(TOOLKIT, { inits: { "driver-validation": RUNNING }, behind: {} })],
    ],
    [
      "validator: toolkit-validation waits (PodInitializing)",
      labels,
      [
        pod(DRIVER),
        pod(TOOLKIT),
        pod(VALIDATOR, {
          inits: {
            "driver-validation": DONE,
            "toolkit-validation": { waiting: { reason: "PodInitializing" } },
            "cuda-validation": {},
          },
        }),
      ],
    ],
    [
      "device plugin: main waits (CrashLoopBackOff: no such entry)",
      labels,
      [
        pod(DRIVER),
        pod(TOOLKIT),
        pod(VALIDATOR, { inits: { ...VALIDATED, "plugin-validation": RUNNING } }),
        pod(PLUGIN, { behind: crash("no such entry") }),
      ],
    ],
    [
      "validator: plugin-validation runs and is not done",
      labels,
      [
        pod(DRIVER),
        pod(TOOLKIT),
        pod(VALIDATOR, { inits: { ...VALIDATED, "plugin-validation": RUNNING } }),
        pod(PLUGIN),
      ],
    ],
    [null, labels, ALL.map((each) => pod(each))],
  ];
  for (const [step, given, pods] of cases) {
    it(`is ${step ?? "nothing"}`, () => {
      assert.equal(nodeStep(node(given), pods, ALL), step);
    });
  }

  it("is nothing of operands that the zone does not have, or that somebody switched off there", () => {
    assert.equal(nodeStep(node(labels), [pod(PLUGIN)], [PLUGIN]), null);
    const off = { ...labels, [`${DEPLOY}driver`]: "pre-installed", [`${DEPLOY}container-toolkit`]: "false" };
    const rest = [pod(VALIDATOR), pod(PLUGIN)];
    assert.equal(nodeStep(node(off), rest, ALL), null);
    const preinstalled = { ...labels, "gpu-zones.dev/driver": "preinstalled" };
    assert.equal(nodeStep(node(preinstalled), [pod(TOOLKIT), ...rest], ALL), null);
  });

  it("is not there because of a pod of another node, or one that is on its way out", () => {
    const [other, gone] = [pod(DRIVER), pod(DRIVER)];
    other.spec!.nodeName = "n2";
    gone.metadata!.deletionTimestamp = new Date();
    const rest = [TOOLKIT, VALIDATOR, PLUGIN].map((each) => pod(each));
    assert.equal(nodeStep(node(labels), [other, gone, ...rest], ALL), "driver: no pod on the node yet");
  });
});
