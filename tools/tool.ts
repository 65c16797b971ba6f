/** Every program that gpu-zones starts and that npm does not bring. */
export const TOOL_NAMES = [
  "pulumi",
  "pulumi-language-nodejs",
  "pulumi-resource-kubernetes",
  "kubectl",
  "kustomize",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "etcd",
  "kwok",
  "kwokctl",
  "promtool",
] as const;

export type ToolName = (typeof TOOL_NAMES)[number];

/** A tool that can be started. */
export interface Tool {
  readonly name: ToolName;
  /** Without a leading `v`; "unknown" for a plugin on PATH, which cannot be asked. */
  readonly version: string;
  /** Absolute path of the executable. */
  readonly path: string;
  /** `PATH`: found installed (PATH, beside pulumi, or in Pulumi's plugin folder); `stand-in`: ours, for simulated zones. */
  readonly origin: "PATH" | "download" | "built" | "stand-in";
}

/** Why one tool could not be had, one line per place that was tried. */
export interface MissingTool {
  readonly name: ToolName;
  readonly version: string;
  readonly reasons: readonly string[];
  /** Where its vendor explains the installation. */
  readonly homepage: string;
  /** True when Go alone would have helped. */
  readonly wantsGo: boolean;
  /** What would help where installing the tool would not, e.g. room on a disk. */
  readonly fix?: string | undefined;
}

/** All tools that are missing, told at once, with what to install. */
export class ToolsError extends Error {
  override readonly name = "ToolsError";
  readonly missing: readonly MissingTool[];

  constructor(missing: readonly MissingTool[]) {
    super(missingToolsMessage(missing));
    this.missing = missing;
    // Node prints the stack of what a program throws; where this was thrown helps nobody.
    this.stack = this.message;
  }
}

function missingToolsMessage(missing: readonly MissingTool[]): string {
  const lines = [missing.length === 1 ? "a tool is missing:" : `${missing.length} tools are missing:`];
  for (const tool of missing) {
    lines.push(`  ${tool.name} ${tool.version}`, ...tool.reasons.map((reason) => `    ${reason}`));
  }
  const fixes = new Set(missing.map((tool) => tool.fix).filter((fix) => fix !== undefined));
  const absent = missing.filter((tool) => tool.fix === undefined);
  const install = absent.map((tool) => `${tool.name} ${tool.version} (${tool.homepage})`).join(", ");
  if (absent.some((tool) => tool.wantsGo)) {
    fixes.add(
      "install Go 1.26 or newer (https://go.dev/dl/) and run this again, the tools are then built from source;",
    );
    fixes.add(`or install what is missing: ${install}`);
  } else if (absent.length > 0) {
    fixes.add(`install what is missing: ${install}`);
  }
  lines.push(...[...fixes].map((fix, at) => `${at === 0 ? "fix:" : "    "} ${fix}`));
  return lines.join("\n");
}
