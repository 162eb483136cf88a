// A parser's child process: what kills it or hangs it is found by its parent.
import { register } from "tsx/esm/api";

register();
const { serve } = await import("./child.ts");
serve();
