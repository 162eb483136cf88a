#!/usr/bin/env node
import { load } from "./load.mjs";

const argv = process.argv.slice(2);
const foreignPlugins = argv.some((word) => /^--plugin(=|$)/.test(word));
const { main } = await load("cli.ts", { foreignPlugins });
await main(argv);
