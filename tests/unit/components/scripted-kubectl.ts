import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Kubectl } from "../../../components/kubectl.ts";

/** What kubectl says to a command line. */
export interface Said {
  readonly stdout?: string;
  readonly stderr?: string;
  /** Exit status. Default: 0. */
  readonly code?: number;
}

/** A kubectl that answers by the first pattern (of `case` in a shell) that fits its arguments, and keeps what it was asked. */
export class ScriptedKubectl {
  readonly folder: string;
  readonly cluster: Kubectl;

  private constructor(folder: string) {
    this.folder = folder;
    this.cluster = { path: join(folder, "kubectl"), context: "zone-1-dev" };
  }

  static async create(): Promise<ScriptedKubectl> {
    return new ScriptedKubectl(await mkdtemp(join(tmpdir(), "gpu-zones-kubectl-")));
  }

  async answers(answers: readonly (readonly [pattern: string, said: Said])[]): Promise<Kubectl> {
    const cases = await Promise.all(
      answers.map(async ([pattern, { stdout = "", stderr = "", code = 0 }], index) => {
        const at = join(this.folder, String(index));
        await mkdir(at, { recursive: true });
        await writeFile(join(at, "stdout"), stdout);
        await writeFile(join(at, "stderr"), stderr);
        return `  ${pattern}) cat "${at}/stdout"; cat "${at}/stderr" >&2; exit ${code} ;;`;
      }),
    );
    const script = [
      "#!/bin/sh",
      `echo "$*" >>"${this.folder}/asked"`,
      `case "$*" in *" -f -"*) cat >>"${this.folder}/input" ;; *) cat >/dev/null ;; esac`,
      'case "$*" in',
      ...cases,
      "esac",
      'echo "error: nothing is scripted for $*" >&2',
      "exit 1",
    ];
    await writeFile(this.cluster.path, `${script.join("\n")}\n`);
    await chmod(this.cluster.path, 0o755);
    return this.cluster;
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
