// The child process that compares a provider's outputs with the processor's: it holds one model on both.
import { registerLoader } from "../loader.mjs";
import { watchParent } from "../process/parentWatch.mjs";

watchParent();
registerLoader();
const { serve } = await import("./providerError.ts");
serve();
