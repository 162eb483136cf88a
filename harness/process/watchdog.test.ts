import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const here = (name: string) => JSON.stringify(fileURLToPath(new URL(name, import.meta.url)));

/** Runs work under a watch of one second, in a process of its own. */
function underWatch(
  work: string,
): Promise<{ readonly signal: string | null; readonly code: number | null; readonly notes: string }> {
  const program = `import { registerLoader } from ${here("../loader.mjs")};
    registerLoader();
    const { watched } = await import(${here("watchdog.ts")});
    console.error(await watched({ text: "method/toy: stands still", allowedMs: 1000 }, ${work}));`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let notes = "";
  child.stderr.on("data", (chunk) => {
    notes += chunk;
  });
  return new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal, notes })));
}

const still = (ms: number | undefined) => `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${ms})`;

test("work that stands still ends its process and says what it was", async () => {
  expect(await underWatch(`async () => ${still(undefined)}`)).toEqual({
    code: null,
    signal: "SIGKILL",
    notes: "error: method/toy: stands still\n",
  });
});

test("work that gives signs of life takes as long as it likes", async () => {
  const steps = `async (alive) => { for (let i = 0; i < 8; i++) { ${still(300)}; alive(); } return "done"; }`;
  expect(await underWatch(steps)).toEqual({ code: 0, signal: null, notes: "done\n" });
});
