// Loads plug-ins in a process that can be spared: one that ends it, or never lets it go on, is found by the parent and named.
import { pathToFileURL } from "node:url";
import { registerLoader } from "../../loader.mjs";
import { watchParent } from "../../process/parentWatch.mjs";

watchParent();
registerLoader();
for (const file of process.argv.slice(2)) {
  process.send({ loading: file });
  // What it throws is said where it is loaded in earnest.
  await import(pathToFileURL(file).href).catch(() => undefined);
}
process.send({ done: true }, () => process.kill(process.pid, "SIGKILL"));
