import { z } from "zod";
import { later } from "./values.ts";

/** A registry, and a path in it: without dot or port the first part would be a user of docker.io. */
const PREFIX =
  /^(localhost|[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?(\.[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)+|[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?(?=:))(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/;

/** Where the zone's images come from. */
export const images = z.strictObject({
  mirror: z
    .string()
    .regex(PREFIX, "wanted a registry, and a path in it if any, such as registry.example.com/gpu")
    .optional()
    .describe(
      "Registry prefix for every image: it takes the place of the registry, and the path below it stays. Default: as publishers name them.",
    ),
  pullSecrets: later("pull secrets"),
});
