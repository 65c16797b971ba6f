import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { goBuilder } from "../../../tools/build.ts";
import { findToolsIn } from "../../../tools/find.ts";
import { untilEnded } from "../../../tools/interruption.ts";
import { PINS } from "../../../tools/pins.ts";
import { Progress } from "../../../tools/progress.ts";
import { script } from "./workshop.ts";

/**
 * A run of its own that wants kustomize: `install-run.ts CACHE BUILDS GATE [PATH]`. Its build leaves half a file, notes itself in BUILDS,
 * waits until GATE exists (30 s at most) and then writes the whole one; with PATH it builds with the `go` there instead.
 * Progress goes to stdout, the tool's path comes last.
 */
const [cache = "", builds = "", gate = "", path = ""] = process.argv.slice(2);

const { kustomize } = await untilEnded(undefined, (signal) =>
  findToolsIn(["kustomize"], {
    env: { PATH: path, XDG_CACHE_HOME: cache, GPU_ZONES_NO_DOWNLOAD: "1" },
    platform: "linux-amd64",
    pins: PINS,
    progress: new Progress({
      line: (line) => {
        console.log(line);
      },
    }),
    standIns: join(cache, "stand-ins"),
    announced: new Set(),
    signal,
    builder:
      path !== ""
        ? goBuilder
        : {
            ready: () => Promise.resolve(),
            build: async ({ into }) => {
              const file = join(into, "kustomize");
              writeFileSync(file, script("v5.8.1").slice(0, 12), { mode: 0o755 });
              appendFileSync(builds, `${process.pid}\n`);
              for (let waited = 0; !existsSync(gate); waited += 20) {
                if (waited > 30_000) throw new Error("the gate stayed shut");
                await pause(20);
              }
              writeFileSync(file, script("v5.8.1"));
            },
          },
  }),
);
console.log(kustomize.path);
