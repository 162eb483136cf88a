// The child process that compares a provider's outputs with the processor's: it holds one model on both.
import { load } from "../load.mjs";
import { watchParent } from "../process/parentWatch.mjs";

watchParent();
const { serve } = await load("worker/providerError.ts", { foreignPlugins: process.argv.includes("foreign-plugins") });
serve();
