// The child process that memory is measured in: it holds one model and one image, and nothing of the harness's data.
import { register } from "tsx/esm/api";
import { watchParent } from "./parentWatch.mjs";

watchParent();
register();
const { serve } = await import("./modelMemory.ts");
serve();
