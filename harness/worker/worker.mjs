// The child process of one variant: its memory is its own, and its death is not the run's.
import { load } from "../load.mjs";
import { watchParent } from "../process/parentWatch.mjs";

watchParent();
const { serve } = await load("worker/worker.ts", { foreignPlugins: process.argv.includes("foreign-plugins") });
serve();
