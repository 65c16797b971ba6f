import { execFile } from "node:child_process";

/** Where kubectl finds the zone's cluster. */
export interface Kubectl {
  /** Path of the binary. */
  readonly path: string;
  readonly context: string;
  /** Path of a kubeconfig file; undefined: KUBECONFIG, else ~/.kube/config. */
  readonly kubeconfig?: string | undefined;
  /** Default: the process' own. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Aborted: kubectl is ended. */
  readonly signal?: AbortSignal | undefined;
}

/** What kubectl answered; it never throws, since a dark cluster is a normal state. */
export interface KubectlAnswer {
  readonly ok: boolean;
  readonly stdout: string;
  /** kubectl's own words, one line. */
  readonly message: string;
  /** All of its error lines, for what must be sure of each; empty when it was ended. */
  readonly errors: readonly string[];
}

/**
 * Runs kubectl against the zone's cluster; the only place of the program that starts a process.
 * @param seconds after which the process is ended, and the request before that; DNS and black-holed addresses included
 */
export function kubectl(
  cluster: Kubectl,
  args: readonly string[],
  seconds: number,
  input?: string,
): Promise<KubectlAnswer> {
  const where = [
    `--context=${cluster.context}`,
    ...(cluster.kubeconfig === undefined ? [] : [`--kubeconfig=${cluster.kubeconfig}`]),
    `--request-timeout=${seconds}s`,
  ];
  return new Promise((resolve) => {
    const child = execFile(
      cluster.path,
      [...where, ...args],
      {
        timeout: seconds * 1000 + 500,
        killSignal: "SIGKILL",
        env: cluster.env,
        maxBuffer: 256 * 1024 * 1024,
        ...(cluster.signal && { signal: cluster.signal }),
      },
      (error, stdout, stderr) => {
        const killed = error?.killed === true;
        resolve({
          ok: error === null,
          stdout,
          message: killed ? `no answer within ${seconds} s` : inWords(stderr || (error?.message ?? "")),
          errors: killed ? [] : stderr.split("\n").filter((line) => line.trim() !== ""),
        });
      },
    );
    // A kubectl that ends before it has read its input is told of in its own message.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input ?? "");
  });
}

/** kubectl's last line says what went wrong; some of it is worth saying in a person's words. */
function inWords(stderr: string): string {
  const lines = stderr.trim().split("\n");
  const last = (lines.at(-1) ?? "").replace(/^error: /i, "").replace(/^Error from server( \(\w+\))?: /, "");
  if (isKubeconfigError(stderr)) return `a kubeconfig that cannot be read (${last})`;
  if (/refused/i.test(last)) return `connection refused (${last})`;
  if (/Unauthorized|must be logged in|credentials/i.test(stderr))
    return `credentials that the cluster does not accept (${last})`;
  if (/Forbidden/i.test(stderr)) return `no right to do that (${last})`;
  return last;
}

/** A file that is missing, is no kubeconfig, or names certificates that are missing: nobody was asked anything. */
function isKubeconfigError(stderr: string): boolean {
  return /^error: (stat|open) .*: (no such file|permission denied|not a directory)|error loading config file|^Error in configuration:|^invalid configuration:/im.test(
    stderr,
  );
}
