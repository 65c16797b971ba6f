import { finding, isOverridden, type Gate } from "./gate.ts";

/** A zone on hold takes no changes through its last day (UTC), unless somebody says why. */
export const holdGate: Gate = (input) => {
  const { zone, now } = input;
  if (zone.hold === undefined || isOverridden(input)) return [];
  if (now.toISOString().slice(0, 10) > zone.hold.until) return [];
  return [
    finding(input, "GZ301", "hold", {
      message: `wanted a zone that takes changes, got a hold until ${zone.hold.until}: ${zone.hold.reason}`,
      fix: `wait, take the hold out, or pass it with GPU_ZONES_OVERRIDE="reason"`,
    }),
  ];
};
