import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const beside = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "shared");

/**
 * The folder with real photos and reference values that may lie beside the project. Only tests use it.
 * Its photos have licences of their own and are never copied, so a test that needs it says `test.skipIf(shared === undefined)`.
 */
export const shared: string | undefined = existsSync(join(beside, "realset")) ? beside : undefined;
