import { simUp } from "../../../sim/zone.ts";
import { DEV } from "./zones.ts";

// A `sim up` in a process of its own, for tests that kill it: arguments are repository and home.
const [repository = "", home = ""] = process.argv.slice(2);
const log = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
await simUp(DEV, { repository, home, log });
