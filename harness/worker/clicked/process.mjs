// The child process that answers a person's clicks: it holds one model and one photo.
import { registerLoader } from "../../loader.mjs";
import { watchParent } from "../../process/parentWatch.mjs";

watchParent();
registerLoader();
const { serve } = await import("./process.ts");
serve();
