import { writeFile } from "node:fs/promises";
import { HarnessError } from "../../errors.ts";
import type { Arguments, Console } from "./command.ts";
import { printable } from "./tableOptions.ts";

/** Prints a result, or writes it to the file of `--out`. Throws HarnessError for a picture that would go to a terminal. */
export async function deliver(content: string | Buffer, args: Arguments, console: Console): Promise<void> {
  const out = args.out as string | undefined;
  if (out === undefined) {
    if (typeof content !== "string" && (console.out as { readonly isTTY?: boolean }).isTTY)
      throw new HarnessError("--format png: no picture for a terminal", { hint: "name a file with --out" });
    console.out.write(typeof content === "string" ? printable(content) : content);
    return;
  }
  await writeFile(out, content).catch((cause: NodeJS.ErrnoException) => {
    throw new HarnessError(`${out}: can not be written`, { found: cause.code, hint: "does its folder exist?", cause });
  });
}
