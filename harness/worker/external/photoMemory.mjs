// The child process that asks another one, whose memory is measured: that one holds one model and one image.
import { registerLoader } from "../../loader.mjs";
import { watchParent } from "../../process/parentWatch.mjs";

watchParent();
registerLoader();
const { serve } = await import("./photoMemory.ts");
serve();
