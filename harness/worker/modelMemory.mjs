// The child process that memory is measured in: it holds one model and one image, and nothing of the harness's data.
import { registerLoader } from "../loader.mjs";
import { watchParent } from "../process/parentWatch.mjs";

watchParent();
registerLoader();
const { serve } = await import("./modelMemory.ts");
serve();
