import type { CodeInfo, Example, ExampleRun } from "../plan/config/problem-codes/code-info.ts";

const FOLDER = "docs/problems";

/** The page of each problem code and their index: text by path from the repository. */
export function problemPages(codes: Readonly<Record<string, CodeInfo>>): Map<string, string> {
  const pages = Object.entries(codes).map(
    ([code, info]) => [`${FOLDER}/${code}.md`, page(code, info)] as const,
  );
  return new Map([[`${FOLDER}/README.md`, index(codes)], ...pages]);
}

function page(code: string, { title, why, wrong, right }: CodeInfo): string {
  return [
    `# ${code}: ${title}`,
    why,
    "## Wrong",
    ...example(wrong),
    "## Right",
    ...example(right),
    "[All problem codes](README.md)",
  ]
    .join("\n\n")
    .concat("\n");
}

function example({ files, run }: Example): string[] {
  const texts = Object.entries(files).map(([file, text]) => `\`${file}\`:\n\n\`\`\`yaml\n${text}\`\`\``);
  const sentences = run === undefined ? [] : situation(run);
  return sentences.length === 0 ? texts : [...texts, sentences.join(" ")];
}

/** What the run of an example finds, in words. */
function situation({ at, cluster, lastCluster, lastRelease, engine = {}, live }: ExampleRun): string[] {
  const sentences = Object.entries(engine).map(
    ([key, value]) => `The engine hands over \`${key}: ${value}\`.`,
  );
  if (at !== undefined) sentences.push(`The run starts at ${at}.`);
  if (cluster === null) sentences.push("Nothing answers behind the zone's context.");
  else if (cluster !== undefined)
    sentences.push(`The cluster behind the zone's context has the UID \`${cluster}\`.`);
  if (lastCluster !== undefined) sentences.push(`The last update went to the cluster \`${lastCluster}\`.`);
  if (lastRelease !== undefined)
    sentences.push(`The last update left release ${lastRelease} of the GPU stack.`);
  if (live !== undefined) sentences.push(live);
  return sentences;
}

const GROUPS: readonly (readonly [prefix: string, title: string])[] = [
  ["GZ0", "Stack files and layers"],
  ["GZ1", "Apps"],
  ["GZ2", "GPUs and the plan"],
  ["GZ3", "Runs"],
  ["GZ4", "Clusters as they are"],
];

function index(codes: Readonly<Record<string, CodeInfo>>): string {
  const groups = GROUPS.map(([prefix, title]) => {
    const rows = Object.entries(codes).filter(([code]) => code.startsWith(prefix));
    return `## ${title}\n\n${rows.map(([code, info]) => `- [${code}](${code}.md): ${info.title}`).join("\n")}`;
  });
  return [
    "# Problem codes",
    "Everything that `zones check`, a preview or an update can find wrong has a code, and each code a page: why it is a problem, an example that has it, and the same example mended. The pages are generated from `plan/config/problem-codes/` by `npm run docs`; the examples are run by the tests, over the layers and apps of this repository.",
    ...groups,
  ]
    .join("\n\n")
    .concat("\n");
}
