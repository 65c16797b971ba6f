import { join } from "node:path";
import { Cluster } from "./components/cluster.ts";
import { GpuOperand } from "./components/gpu-operand.ts";
import { guard, lookAround, releaseOutput, withKept } from "./components/guard.ts";
import { needs } from "./components/operands/node-order.ts";
import { requireZone, stack, stopOnErrors } from "./components/stack.ts";
import { ZoneApp } from "./components/zone-app.ts";
import { appsInOrder, loadZone } from "./plan/config/load.ts";
import { operandNames, planZone } from "./plan/plan.ts";
import { findTools } from "./tools/find.ts";

const repository = import.meta.dirname;

// What the zone is: its stack file over its layers.
const loaded = await loadZone(repository, stack.name, stack.config);
const zone = await requireZone(loaded);

// What it will hold, and which cluster answers. Nothing is registered before both are right.
const tools = await findTools(["kustomize", "kubectl"]);
const { context, kubeconfig } = zone.cluster;
const kubectl = { path: tools.kubectl.path, context, kubeconfig };
const [planned, guarded] = await Promise.all([
  planZone(zone, {
    repository,
    kustomize: tools.kustomize.path,
    cacheDirectory: join(repository, ".cache", "render"),
  }),
  guard(zone, kubectl),
]);
await stopOnErrors([...loaded.problems, ...planned.findings, ...guarded.problems]);
// Nodes keep what they name until a rollout: it stays beside what the files say.
const plan = await withKept(planned, guarded);
await stopOnErrors(await lookAround(plan, guarded, kubectl));

// The boot order of a zone: cluster and namespaces, NVIDIA's operands, apps.
// Apps come after the operands' objects but never wait for GPUs: a dead board must not freeze a zone.
const cluster = new Cluster("cluster", { plan, kubectl, uid: guarded.uid });
const operands = new Map<string, GpuOperand>();
for (const name of operandNames(plan)) {
  const after = [...operands].filter(([other]) => needs(name, other)).map(([, operand]) => operand);
  operands.set(name, new GpuOperand(name, { cluster, after }));
}
const apps = new Map<string, ZoneApp>();
for (const [name, { after = [] }] of appsInOrder(zone)) {
  const first = after.map((other) => apps.get(other)).filter((app) => app !== undefined);
  apps.set(
    name,
    new ZoneApp(name, { cluster, after: [...operands.values(), ...first].flatMap(({ objects }) => objects) }),
  );
}

/** UID of the kube-system namespace that this stack describes; the next run compares. */
export const clusterUid = guarded.uid;
/** Digest of the plan: equal digests are equal zones. */
export const digest = plan.digest;
/** Release of the GPU stack; the next run skips none. */
export const gpuRelease = releaseOutput(zone);
/** Why a hold or a closed window was passed, if one was. */
export const override = process.env["GPU_ZONES_OVERRIDE"] ?? "none";
