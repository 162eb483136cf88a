import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const here = (name: string) => JSON.stringify(fileURLToPath(new URL(name, import.meta.url)));

/** Starts a process that starts a group, whose leader starts a child; says the ids of both once they are there. */
async function parentOfGroup() {
  const leader = `const { pid } = require("node:child_process").spawn("sleep", ["1000"]);
    process.stdout.write(process.pid + " " + pid + "\\n");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`;
  const program = `import { registerLoader } from ${here("../../loader.mjs")};
    registerLoader();
    const { startGroup } = await import(${here("group.ts")});
    const words = [process.execPath, "-e", ${JSON.stringify(leader)}];
    startGroup({ words, environment: {} }).printed[0].pipe(process.stdout);`;
  const parent = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  return { parent, pids: line.toString().trim().split(" ").map(Number) };
}

/** A process that has ended and that nobody has asked for yet is not alive. */
function isAlive(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) && !/\) Z /.test(readFileSync(file, "utf8"));
}

test.each(["SIGKILL", "SIGTERM"] as const)("a parent that ends by %s takes leader and child along", async (signal) => {
  const { parent, pids } = await parentOfGroup();
  expect(pids.filter(isAlive)).toHaveLength(2);
  parent.kill(signal);
  await expect.poll(() => pids.filter(isAlive), { timeout: 20_000 }).toEqual([]);
});
