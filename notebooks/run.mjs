#!/usr/bin/env node
// `npm run notebooks [NAME …]`: executes the notebooks on results/ and writes their outputs back.
import { register } from "tsx/esm/api";

register();
const { runNotebooks } = await import("./run.ts");
await runNotebooks(process.argv.slice(2));
