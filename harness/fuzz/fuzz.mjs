#!/usr/bin/env node
// `npm run fuzz`: feeds broken files to every parser of files that others made.
import { register } from "tsx/esm/api";

register();
const { runCommandLine } = await import("../cli.ts");
const { fuzzers } = await import("./fuzz.ts");
await runCommandLine(process.argv.slice(2), {
  name: "npm run fuzz --",
  about: "Feeds broken files to every parser of files that others made.",
  commands: fuzzers,
});
