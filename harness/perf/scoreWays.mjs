// A process of one way of scoring: memory is its own, and nothing of the other is in its caches.
import { register } from "tsx/esm/api";

register();
const { serve } = await import("./scoreWays.ts");
serve();
