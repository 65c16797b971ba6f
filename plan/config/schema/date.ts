import { z } from "zod";

/** What Pulumi makes of a date that nobody quoted, in the file that it rewrites and in what it hands over. */
const TIMESTAMP = /^(\d{4}-\d\d-\d\d)(T00:00:00Z| 00:00:00 \+0000 UTC)$/;

/** The date of a timestamp at midnight; any other text as it is. */
export function dateOf(text: string): string {
  return text.replace(TIMESTAMP, "$1");
}

/** A day, as `2026-12-31` or as Pulumi rewrites it. */
export const date = z
  .string({ error: "wanted a date such as 2026-12-31" })
  .regex(/^\d{4}-\d\d-\d\d(T00:00:00Z| 00:00:00 \+0000 UTC)?$/, "wanted a date such as 2026-12-31")
  .transform(dateOf)
  .pipe(z.iso.date({ error: "wanted a date that the calendar has" }));
