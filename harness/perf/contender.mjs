// A process of one contender: memory is its own, and nothing of the other is in its caches.
import { register } from "tsx/esm/api";

register();
const { contend } = await import("./contender.ts");
await contend();
