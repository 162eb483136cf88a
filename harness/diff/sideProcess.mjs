// The child process that runs one graph of a diff once: the memory of its session ends with it.
import { load } from "../load.mjs";
import { watchParent } from "../process/parentWatch.mjs";

watchParent();
const { serve } = await load("diff/sideProcess.ts");
serve();
