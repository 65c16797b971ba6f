import assert from "node:assert/strict";
import { formatProblem } from "../../../plan/config/problem.ts";
import type { RunInput } from "../../../plan/gates/gate.ts";
import { identityGate } from "../../../plan/gates/identity.ts";
import { OTHER, OURS, run, zoneOf } from "./run-input.ts";

const PINNED = zoneOf(`cluster:\n  uid: ${OURS}\n`, "prod");
const UNPINNED = zoneOf("cluster: { context: gpu-x }\n");
const UNPINNED_PROD = zoneOf("site: dc-1\n", "prod");

const there = (uid: string): RunInput["identity"] => ({ state: "known", uid });
const dark: RunInput["identity"] = { state: "unreachable", cause: "dark", reason: "no answer within 3 s" };

const CASES: [title: string, input: RunInput, problems: string[]][] = [
  ["lets a run through to the cluster that the zone names", run(PINNED), []],
  [
    "lets it through when the last update went there too",
    run(PINNED, { lastUid: OURS, stateHoldsObjects: true }),
    [],
  ],
  [
    "stops before another cluster than the pinned one",
    run(PINNED, { identity: there(OTHER) }),
    [
      `error GZ304 Pulumi.zone-x.yaml:2  cluster.uid
    wanted the cluster with kube-system UID ${OURS}, got ${OTHER} behind context zone-x
    fix: point context zone-x at the zone's cluster; if the cluster was rebuilt, take its UID over with ./zones pin zone-x (docs/problems/GZ304.md)`,
    ],
  ],
  [
    "stops even a preview there: it would describe changes that nobody means",
    run(PINNED, { identity: there(OTHER), preview: true }),
    [
      `error GZ304 Pulumi.zone-x.yaml:2  cluster.uid
    wanted the cluster with kube-system UID ${OURS}, got ${OTHER} behind context zone-x
    fix: point context zone-x at the zone's cluster; if the cluster was rebuilt, take its UID over with ./zones pin zone-x (docs/problems/GZ304.md)`,
    ],
  ],
  [
    "stops, without a pin, before another cluster than the last update's",
    run(UNPINNED, { identity: there(OTHER), lastUid: OURS, stateHoldsObjects: true }),
    [
      `error GZ304 Pulumi.zone-x.yaml:1  cluster.uid
    wanted the cluster with kube-system UID ${OURS} (of the last update), got ${OTHER} behind context gpu-x
    fix: point context gpu-x at the zone's cluster; if the cluster was rebuilt: ./zones pin zone-x (docs/problems/GZ304.md)`,
    ],
  ],
  [
    "stops at a rebuilt cluster whose state is still that of the old one",
    run(PINNED, { lastUid: OTHER, stateHoldsObjects: true }),
    [
      `error GZ306 Pulumi.zone-x.yaml:2  cluster.uid
    wanted state of the cluster ${OURS}, got state of ${OTHER}: the cluster was rebuilt since the last update
    fix: pulumi refresh --run-program=false --stack zone-x, then the update again: it brings everything back (docs/problems/GZ306.md)`,
    ],
  ],
  [
    "goes on at a rebuilt cluster after a refresh emptied the state",
    run(PINNED, { lastUid: OTHER, stateHoldsObjects: false }),
    [],
  ],
  [
    "stops the update of a production zone that names no cluster",
    run(UNPINNED_PROD),
    [
      `error GZ303 Pulumi.zone-x.yaml  cluster.uid
    wanted a production zone that names its cluster, got none in gpu-zones:cluster.uid
    fix: look that context zone-x is the right cluster, then: ./zones pin zone-x (docs/problems/GZ303.md)`,
    ],
  ],
  [
    "stops it even where the last update went",
    run(UNPINNED_PROD, { lastUid: OURS, stateHoldsObjects: true }),
    [
      `error GZ303 Pulumi.zone-x.yaml  cluster.uid
    wanted a production zone that names its cluster, got none in gpu-zones:cluster.uid
    fix: look that context zone-x is the right cluster, then: ./zones pin zone-x (docs/problems/GZ303.md)`,
    ],
  ],
  [
    "reminds in a preview of any zone without a pin",
    run(UNPINNED, { preview: true }),
    [
      `warning GZ303 Pulumi.zone-x.yaml:1  cluster.uid
    wanted the UID of the zone's cluster, got none: nothing guards against a wrong context
    fix: ./zones pin zone-x (docs/problems/GZ303.md)`,
    ],
  ],
  ["lets the update of another zone without a pin through", run(UNPINNED), []],
  [
    "stops before a cluster that does not answer",
    run(PINNED, { identity: dark }),
    [
      `error GZ305 Pulumi.zone-x.yaml:1  cluster
    wanted the cluster of context zone-x, got no answer within 3 s
    fix: when the zone has power again, run this once more; nothing was changed (docs/problems/GZ305.md)`,
    ],
  ],
  [
    "lets a preview of a dark zone compare with the state, and says so",
    run(PINNED, { identity: dark, preview: true }),
    [
      `warning GZ305 Pulumi.zone-x.yaml:1  cluster
    wanted the cluster of context zone-x, got no answer within 3 s: identity not checked, compared with the state of the last update
    fix: when the zone has power again, run this once more; nothing was changed (docs/problems/GZ305.md)`,
    ],
  ],
  [
    "tells expired credentials from darkness",
    run(UNPINNED, {
      identity: { state: "unreachable", cause: "credentials", reason: "credentials refused" },
    }),
    [
      `error GZ305 Pulumi.zone-x.yaml:1  cluster
    wanted the cluster of context gpu-x, got credentials refused
    fix: renew the credentials of context gpu-x, then run this once more; nothing was changed (docs/problems/GZ305.md)`,
    ],
  ],
  [
    "tells a context that nobody defined from darkness",
    run(UNPINNED, {
      identity: { state: "unreachable", cause: "context", reason: 'context "gpu-x" does not exist' },
    }),
    [
      `error GZ305 Pulumi.zone-x.yaml:1  cluster
    wanted the cluster of context gpu-x, got context "gpu-x" does not exist
    fix: add context gpu-x to the kubeconfig, or name another in gpu-zones:cluster.context; nothing was changed (docs/problems/GZ305.md)`,
    ],
  ],
  [
    "takes the simulated cluster for a zone's that is pinned to a real one",
    run(PINNED, { identity: there(OTHER), simulatedUid: OTHER }),
    [],
  ],
  [
    "stops a run that is meant for the simulated cluster before the real one, pinned or not",
    run(PINNED, { identity: there(OURS), simulatedUid: OTHER }),
    [
      `error GZ304 Pulumi.zone-x.yaml:2  cluster.uid
    wanted the cluster with kube-system UID ${OTHER}, got ${OURS} behind context zone-x
    fix: take the simulated zones as they are now into this shell: eval "$(./zones sim env)" (docs/problems/GZ304.md)`,
    ],
  ],
  [
    "tells a kubeconfig that cannot be read from darkness",
    run(UNPINNED, {
      identity: { state: "unreachable", cause: "kubeconfig", reason: "a kubeconfig that cannot be read (x)" },
    }),
    [
      `error GZ305 Pulumi.zone-x.yaml:1  cluster
    wanted the cluster of context gpu-x, got a kubeconfig that cannot be read (x)
    fix: mend the kubeconfig (gpu-zones:cluster.kubeconfig, else KUBECONFIG, else ~/.kube/config), then run this once more; nothing was changed (docs/problems/GZ305.md)`,
    ],
  ],
];

describe("the guard against a wrong cluster", () => {
  for (const [title, input, problems] of CASES) {
    it(title, () => {
      assert.deepEqual(identityGate(input).map(formatProblem), problems);
    });
  }
});
