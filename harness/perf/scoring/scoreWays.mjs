// The child process that scores in one way: its memory is its own, and nothing of another way is in its caches.
import { registerLoader } from "../../loader.mjs";
import { watchParent } from "../../process/parentWatch.mjs";

watchParent();
registerLoader();
const { serve } = await import("./scoreWays.ts");
serve();
