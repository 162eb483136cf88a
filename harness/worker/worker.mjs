// The child process of one variant: its memory is its own, and its death is not the run's.
import { registerLoader } from "../loader.mjs";
import { watchParent } from "../process/parentWatch.mjs";

watchParent();
registerLoader();
const { serve } = await import("./worker.ts");
serve();
