// The child process that compares a provider's outputs with the processor's: it holds one model on both.
import { register } from "tsx/esm/api";
import { watchParent } from "../process/parentWatch.mjs";

watchParent();
register();
const { serve } = await import("./providerError.ts");
serve();
