import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { renderZone, type RenderOptions, type Rendering } from "../../../plan/render/render.ts";
import type { Zone } from "../../../plan/config/zone.ts";
import { KUSTOMIZE } from "./kustomize-path.ts";

/** Text by path. */
export type Files = Readonly<Record<string, string>>;

/** Writes a repository of small texts, hands over its folder, and removes it. */
export async function withTree<T>(files: Files, use: (repository: string) => Promise<T>): Promise<T> {
  const repository = await mkdtemp(join(tmpdir(), "gpu-zones-tree-"));
  try {
    await writeTree(repository, files);
    return await use(repository);
  } finally {
    await rm(repository, { recursive: true, force: true });
  }
}

export async function writeTree(repository: string, files: Files): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(repository, path)), { recursive: true });
    await writeFile(join(repository, path), text);
  }
}

/** Renders a zone of a repository of small texts. */
export async function renderTree(
  files: Files,
  zone: Zone,
  options: Partial<RenderOptions> = {},
): Promise<Rendering> {
  return await withTree(files, (repository) =>
    renderZone(zone, { repository, kustomize: KUSTOMIZE, gpu: {}, ...options }),
  );
}

/** A Deployment of one container on one port, in the folder of an app's base. */
export function baseOf(app: string, image = `${app}:1.0.0`): Files {
  return {
    [`apps/${app}/base/kustomization.yaml`]: "resources: [deployment.yaml]\n",
    [`apps/${app}/base/deployment.yaml`]: deployment(
      app,
      `
        - name: main
          image: ${image}
          ports: [{ containerPort: 80 }]`,
    ),
  };
}

/** A Deployment with the containers given as YAML list items, indented by eight. */
export function deployment(name: string, containers: string, more = ""): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      ${more}
      containers:${containers}
`;
}
