import type { Command } from "commander";
import pc from "picocolors";
import { hasErrors, ProblemsError } from "../plan/config/problem.ts";
import { mirrorCollisions } from "../plan/images/collisions.ts";
import { zoneImages, type ZoneImage } from "../plan/images/zone-images.ts";
import type { Surroundings } from "./surroundings.ts";
import { table } from "./table.ts";
import { chosenZones, planOf, requireZone } from "./zones.ts";

/** `zones images`: what a zone's nodes pull, for whoever fills a mirror. */
export function imagesCommand(program: Command, surroundings: Surroundings): void {
  program
    .command("images")
    .summary("list every image of a zone, with its name in the mirror")
    .description(
      "Prints every image that the zone's nodes pull, from files alone: those of apps and operands, and those of pods that operands start by themselves. A driver that nodes run until their rollout keeps the name by which it was installed: a mirror that comes later is for the next one.",
    )
    .argument("<zone>", "the zone")
    .option("--json", "one JSON array of images")
    .action(async (name: string, flags: { json?: boolean }) => {
      await chosenZones(surroundings, [name]);
      const zone = await requireZone(surroundings, name);
      // Planned without its mirror: publishers' names are what a mirror is filled from.
      const { images: settings, ...unmirrored } = zone;
      const { objects, findings } = await planOf(surroundings, unmirrored);
      const images = zoneImages(objects, settings?.mirror);
      const problems = [...findings, ...mirrorCollisions(zone, images)];
      if (hasErrors(problems))
        throw new ProblemsError(problems.filter(({ severity }) => severity === "error"));
      surroundings.out(
        flags.json === true ? JSON.stringify(images) : imagesText(images, settings?.mirror !== undefined),
      );
    });
}

function imagesText(images: readonly ZoneImage[], hasMirror: boolean): string {
  return table(
    ["IMAGE", ...(hasMirror ? ["IN THE MIRROR"] : []), "OF"],
    images.map(({ image, mirrored, owners, started }) => [
      image,
      ...(mirrored === null ? [] : [mirrored]),
      `${owners.join(", ")}${started ? pc.dim(" (starts pods of it)") : ""}`,
    ]),
  );
}
