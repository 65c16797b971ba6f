import { join } from "node:path";
import type { Surroundings } from "./surroundings.ts";

/** Pulumi's file backend, where it is on this machine. */
export class FileBackend {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Undefined: the state is elsewhere, and the engine alone knows it. */
  static of({ env }: Pick<Surroundings, "env">): FileBackend | undefined {
    const url = env["PULUMI_BACKEND_URL"] ?? "";
    // Pulumi takes what follows file:// as the path itself, not as a URL's: nothing is decoded.
    return url.startsWith("file:///") ? new FileBackend(url.slice("file://".length)) : undefined;
  }

  /** Folder of the stacks' states. */
  get stacks(): string {
    return join(this.#folder, ".pulumi", "stacks", "gpu-zones");
  }

  /** Folder of a stack's locks, one file each. */
  locks(stack: string): string {
    return join(this.#folder, ".pulumi", "locks", "organization", "gpu-zones", stack);
  }
}
