#!/usr/bin/env node
import { registerLoader } from "./loader.mjs";

registerLoader();
const { main } = await import("./cli.ts");
await main(process.argv.slice(2));
