// The child process of one variant: its memory is its own, and its death is not the run's.
import { register } from "tsx/esm/api";
import { watchParent } from "./parentWatch.mjs";

watchParent();
register();
const { serve } = await import("./worker.ts");
serve();
