import { Cron } from "croner";
import { z } from "zod";

/** When updates may run, or may not. */
export const window = z.strictObject({
  allow: z.boolean().describe("true: `up` may run in this window; false: it may not."),
  cron: z
    .string()
    .refine(isCron, 'wanted five cron fields, such as "0 22 * * 1-5", of a time that comes')
    .describe("When the window opens, as five cron fields."),
  duration: z
    .string()
    .regex(/^[1-9]\d*(m|h)$/, "wanted minutes or hours, such as 90m or 4h")
    .describe("How long it stays open."),
  timeZone: z
    .string()
    .refine(isTimeZone, "wanted an IANA time zone such as Europe/Berlin")
    .default("UTC")
    .describe("IANA time zone of `cron`. Default: UTC."),
});

function isCron(text: string): boolean {
  // The library also takes @daily and the like, which the windows of this page do not have.
  if (text.trim().split(/\s+/).length !== 5) return false;
  try {
    // Ranges are looked at only when a time is computed; 30 February never comes.
    return new Cron(text, { mode: "5-part", paused: true }).nextRun() !== null;
  } catch {
    return false;
  }
}

function isTimeZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text }).format() !== "";
  } catch {
    return false;
  }
}
