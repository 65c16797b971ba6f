import type { CodeInfo } from "./code-info.ts";

const STACK_FILE = "Pulumi.zone-9-dev.yaml";

/** What can be wrong with where a zone's images come from. */
export const IMAGE_CODES = {
  GZ231: {
    title: "Two images with one name in the mirror",
    why: "In a zone with a mirror its prefix takes the place of every image's registry, and the path below it stays. Two registries that have the same path and tag meet there, the mirror holds one of the two images, and pods of the other run it. Digests tell them apart, and so does a name in the mirror itself.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:images: { mirror: mirror.example.com/gpu }
  gpu-zones:apps:
    private-detector: { image: "eu.example.com/team/detector:1.0" }
    fake-detector: { image: "us.example.com/team/detector:1.0" }
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:images: { mirror: mirror.example.com/gpu }
  gpu-zones:apps:
    private-detector: { image: "eu.example.com/team/detector:1.0" }
    fake-detector: { image: "mirror.example.com/gpu/us/detector:1.0" }
`,
      },
    },
  },
} as const satisfies Record<string, CodeInfo>;
