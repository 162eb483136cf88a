#!/usr/bin/env node
// `npm run fuzz -- NAME`: hunts for files that break a parser, or that pycocotools scores differently.
import { registerLoader } from "../loader.mjs";

registerLoader();
const { runCommandLine } = await import("../cli.ts");
const { fuzzers } = await import("./fuzz.ts");
await runCommandLine(process.argv.slice(2), {
  name: "npm run fuzz --",
  about: "Hunts for files that break a parser, or that pycocotools scores differently.",
  commands: fuzzers,
});
