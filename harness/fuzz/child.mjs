// The child process of a parser: its parent finds what kills or hangs it.
import { registerLoader } from "../loader.mjs";

registerLoader();
const { serve } = await import("./child.ts");
serve();
