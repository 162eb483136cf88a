// The child process that a cold start and energy are measured in: it holds one model and one image.
import { registerLoader } from "../../loader.mjs";
import { watchParent } from "../../process/parentWatch.mjs";

watchParent();
registerLoader();
const { serve } = await import("./modelRuns.ts");
serve();
