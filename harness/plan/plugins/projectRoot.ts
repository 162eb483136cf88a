import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Path of the project's own folder. */
export const projectRoot = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
