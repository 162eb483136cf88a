#!/usr/bin/env node
// TypeScript runs as it is, through tsx: no build step, so a clean clone works right after `npm ci`.
import { register } from "tsx/esm/api";

register();
const { main } = await import("./cli.ts");
await main(process.argv.slice(2));
