// The child process that runs a variant with the runtime's profile, or without it to see what the profile costs.
import { registerLoader } from "../loader.mjs";
import { watchParent } from "../process/parentWatch.mjs";

watchParent();
registerLoader();
const { serve } = await import("./profiled.ts");
serve();
