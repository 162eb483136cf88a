#!/usr/bin/env node
// `npm run perf -- NAME`: benchmarks of the harness itself, each comparing two ways in one run.
import { registerLoader } from "../loader.mjs";

registerLoader();
const { runCommandLine } = await import("../cli.ts");
const { benchmarks } = await import("./index.ts");
await runCommandLine(process.argv.slice(2), {
  name: "npm run perf --",
  about: "Compares two ways of doing one thing.",
  commands: benchmarks,
});
