#!/usr/bin/env node
// `npm run gpu-check -- --provider cuda`: tries this machine's GPU in ten minutes, and writes a folder that can be sent.
import { registerLoader } from "../loader.mjs";

registerLoader();
const { runCommandLine } = await import("../cli.ts");
const { checks } = await import("./index.ts");
await runCommandLine(["check", ...process.argv.slice(2)], {
  name: "npm run gpu-check --",
  about: "Checks what this machine's GPU computes, against the processor.",
  commands: checks,
});
