import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { refuseIrregular } from "../files.ts";

/** Throws HarnessError where it is no ordinary file. */
export async function sha256Of(file: string): Promise<string> {
  refuseIrregular(file);
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 })) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}
