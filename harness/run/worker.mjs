// The child process of one variant: its memory is its own, and its death is not the run's.
import { register } from "tsx/esm/api";

register();
const { serve } = await import("./worker.ts");
serve();
