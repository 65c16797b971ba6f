import type { EngineConfig } from "../engine.ts";

/** What a problem code means; `docs/problems/` is generated from it, and its examples are run by the tests. */
export interface CodeInfo {
  readonly title: string;
  /** Why it is a problem, for a person who meets it for the first time: two or three sentences. */
  readonly why: string;
  /** A configuration that has the problem. */
  readonly wrong: Example;
  /** The same, mended. */
  readonly right: Example;
}

/** Files over those of the repository, and what a run found beside them. */
export interface Example {
  /** Texts by path; exactly one is a stack file. */
  readonly files: Readonly<Record<string, string>>;
  /** Absent: the files alone decide. */
  readonly run?: ExampleRun;
}

/** What a run of an example finds. */
export interface ExampleRun {
  /** ISO time. Default: of no matter. */
  readonly at?: string;
  /** UID of kube-system behind the zone's context; null: nothing answers. Default: of no matter. */
  readonly cluster?: string | null;
  /** UID of the cluster that the last update went to. Default: there was none. */
  readonly lastCluster?: string;
  /** Release of the GPU stack that the last update left. Default: there was none. */
  readonly lastRelease?: string;
  /** Values of the engine that differ from the stack file. Default: none. */
  readonly engine?: EngineConfig;
  /** What the cluster holds, in words; the example cannot be run without one. */
  readonly live?: string;
}
