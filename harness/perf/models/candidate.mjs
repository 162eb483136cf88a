// The child process of one candidate: its memory is its own, and nothing of the other is in its caches.
import { registerLoader } from "../../loader.mjs";
import { watchParent } from "../../process/parentWatch.mjs";

watchParent();
registerLoader();
const { serve } = await import("./candidate.ts");
serve();
