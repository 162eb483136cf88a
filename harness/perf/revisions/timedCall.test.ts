import { expect, test } from "vitest";
import { timedCall } from "./timedCall.ts";

/** Computes for so long, in ms of the processor, with so many MB in memory. */
const busy = (ms: number, megabytes: number) =>
  `const held = Buffer.alloc(${megabytes}e6, 1);
   for (let used = 0; used < ${ms}e3; used = process.cpuUsage().user + process.cpuUsage().system) held.fill(2);`;

/** Starts a process of its own with this code, and waits for its end. */
const child = (code: string) =>
  `require("node:child_process").execFileSync(process.execPath, ["--eval", ${JSON.stringify(code)}]);`;

test("a call's processor time is that of all its processes, and its peak that of the largest", async () => {
  const words = ["--eval", `${busy(300, 1)} ${child(busy(600, 300))} console.log("done")`];
  const { out, wallMs, cpuMs, peakBytes } = await timedCall({ name: "busy", words });
  expect(out).toBe("done\n");
  expect(cpuMs).toBeGreaterThan(900);
  expect(wallMs).toBeGreaterThan(0);
  expect(peakBytes).toBeGreaterThan(300e6);
  expect(peakBytes).toBeLessThan(600e6);
});

test.skipIf(process.platform !== "linux")(
  "a peak that the process forgets by a reset counts all the same",
  async () => {
    const code = `import { writeFileSync } from "node:fs";
    let held = Buffer.alloc(300e6, 1);
    held = undefined;
    globalThis.gc();
    writeFileSync("/proc/self/clear_refs", "5");`;
    const words = ["--expose-gc", "--input-type=module", "--eval", code];
    const { peakBytes } = await timedCall({ name: "forgetful", words });
    expect(peakBytes).toBeGreaterThan(300e6);
  },
);

test("a call that fails is an error with the end of what it said", async () => {
  const words = ["--eval", `console.error("first", "x".repeat(1000), "last words"); process.exitCode = 3`];
  const failed = timedCall({ name: "bench broken", words });
  await expect(failed).rejects.toThrow(/^bench broken: ended with exit code 3 \(found x+ last words\)$/);
});

test("a signal ends the call", async () => {
  const stop = new AbortController();
  const call = timedCall({ name: "endless", words: ["--eval", "setInterval(() => 0, 1000)"], signal: stop.signal });
  stop.abort();
  await expect(call).rejects.toThrow("aborted");
});
