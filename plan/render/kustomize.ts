import { execFile } from "node:child_process";
import { realpath, stat } from "node:fs/promises";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** A build takes well under a second; one that runs for a minute will not end. */
const TIME_LIMIT_MS = 60_000;
const OUTPUT_LIMIT_BYTES = 256 * 1024 * 1024;

/** kustomize read the tree and refused it; the message is its own. */
export class BuildError extends Error {
  override readonly name = "BuildError";
}

/** Builds the kustomization in a directory (absolute path) into YAML documents. */
export type Build = (directory: string) => Promise<string>;

/**
 * Runs `kustomize build`: file loads stay below their kustomization, and there are no plugins.
 * @param kustomize path of the executable
 * @throws BuildError when kustomize refuses the tree; Error when it cannot be started or does not end
 */
export async function kustomizeBuild(kustomize: string, directory: string): Promise<string> {
  try {
    const { stdout } = await execute(
      kustomize,
      ["build", "--load-restrictor", "LoadRestrictionsRootOnly", directory],
      {
        // kustomize needs no other program; without git on PATH it cannot clone, whatever a tree says.
        env: { PATH: "", HOME: directory },
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

/** What `execFile` throws: an exit status as number, or the system's or Node's error code as text. */
interface ExecuteError extends Error {
  readonly code?: number | string | null;
  readonly killed?: boolean;
  readonly signal?: string | null;
  readonly stderr?: string;
}

function failure(kustomize: string, error: ExecuteError): Error {
  if (typeof error.code === "number") return new BuildError((error.stderr ?? error.message).trim());
  if (error.code === "ENOENT" || error.code === "EACCES") {
    return new Error(
      `kustomize cannot be started: ${kustomize} is ${error.code === "ENOENT" ? "not there" : "not executable"}; ` +
        "fix: `zones tools kustomize` finds or installs it",
      { cause: error },
    );
  }
  if (error.code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") {
    return new Error(`kustomize wrote more than ${OUTPUT_LIMIT_BYTES / 1024 / 1024} MiB; it was stopped`, {
      cause: error,
    });
  }
  if (error.killed === true) {
    return new Error(`kustomize ran for ${TIME_LIMIT_MS / 1000} s without an end; it was stopped`, {
      cause: error,
    });
  }
  return new Error(`kustomize failed: ${error.signal ?? error.message}`, { cause: error });
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
