import { execFile } from "node:child_process";
import { realpath, stat } from "node:fs/promises";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** A build takes well under a second; one that runs for a minute will not end. */
const TIME_LIMIT_MS = 60_000;
/** A zone is some hundred kilobytes; what writes this much has aliases of aliases. */
const OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024;

/** kustomize read the tree and refused it; the message is its own. */
export class BuildError extends Error {
  override readonly name = "BuildError";
}

/** Builds the kustomization in a directory (absolute path) into YAML documents. */
export type Build = (directory: string) => Promise<string>;

/**
 * Runs `kustomize build`: file loads stay below their kustomization, and there are no plugins.
 * @param kustomize path of the executable
 * @throws BuildError when kustomize refuses the tree or does not end; Error when it cannot be started
 */
export async function kustomizeBuild(kustomize: string, directory: string): Promise<string> {
  try {
    const { stdout } = await execute(
      kustomize,
      ["build", "--load-restrictor", "LoadRestrictionsRootOnly", directory],
      {
        env: environmentWithin(directory),
        timeout: TIME_LIMIT_MS,
        killSignal: "SIGKILL",
        maxBuffer: OUTPUT_LIMIT_BYTES,
      },
    );
    return stdout;
  } catch (error) {
    throw failure(kustomize, error as ExecuteError);
  }
}

/** Nothing listens here (the port of the discard protocol). */
const DEAD_PROXY = "http://127.0.0.1:9";

/**
 * kustomize needs no other program and no network. Without git on PATH it cannot clone, and behind a dead proxy it cannot
 * fetch, should a tree get by our own reading of it.
 */
function environmentWithin(directory: string): Record<string, string> {
  const proxies = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"];
  return { PATH: "", HOME: directory, ...Object.fromEntries(proxies.map((name) => [name, DEAD_PROXY])) };
}

/** What `execFile` throws: an exit status as number, or the system's or Node's error code as text. */
interface ExecuteError extends Error {
  readonly code?: number | string | null;
  readonly killed?: boolean;
  readonly signal?: string | null;
  readonly stderr?: string;
}

function failure(kustomize: string, error: ExecuteError): Error {
  if (typeof error.code === "number") return new BuildError(refusal(error.stderr ?? error.message));
  if (error.code === "ENOENT" || error.code === "EACCES") {
    return new Error(
      `kustomize cannot be started: ${kustomize} is ${error.code === "ENOENT" ? "not there" : "not executable"}; ` +
        "fix: `zones tools kustomize` finds or installs it",
      { cause: error },
    );
  }
  if (error.code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") {
    return new BuildError(
      `kustomize wrote more than ${OUTPUT_LIMIT_BYTES / 1024 / 1024} MiB; it was stopped`,
      {
        cause: error,
      },
    );
  }
  if (error.killed === true) {
    return new BuildError(`kustomize ran for ${TIME_LIMIT_MS / 1000} s without an end; it was stopped`, {
      cause: error,
    });
  }
  return new Error(`kustomize failed: ${error.signal ?? error.message}`, { cause: error });
}

/** kustomize's last word: warnings, such as those of keys of old, come before it. */
function refusal(stderr: string): string {
  const at = /^Error: /m.exec(stderr)?.index ?? 0;
  return stderr.slice(at).trim();
}

/** Tells one kustomize from another for cache keys; a process that asks for the version would cost more than a hit saves. */
export async function kustomizeIdentity(kustomize: string): Promise<string> {
  try {
    const path = await realpath(kustomize);
    const { size, mtimeMs } = await stat(path);
    return `${path} ${size} ${mtimeMs}`;
  } catch (error) {
    throw failure(kustomize, error as ExecuteError);
  }
}
