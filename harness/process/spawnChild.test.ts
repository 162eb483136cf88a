import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { allowedCpus } from "../measure/machine/cpus.ts";
import { spawnChild } from "./spawnChild.ts";

const module = join(mkdtempSync(join(tmpdir(), "child-")), "child.mjs");
writeFileSync(
  module,
  `import { readFileSync } from "node:fs";
   import { execFileSync } from "node:child_process";
   const list = (text) => /^Cpus_allowed_list:\\s*(\\S+)$/m.exec(text)[1];
   const own = list(readFileSync("/proc/self/status", "utf8"));
   const below = list(execFileSync("cat", ["/proc/self/status"], { encoding: "utf8" }));
   process.send({ own, below, pid: process.pid, given: process.argv.slice(2) });
   process.disconnect();`,
);

function hasTaskset(): boolean {
  try {
    return execFileSync("taskset", ["-c", "-p", String(process.pid)]).length > 0;
  } catch {
    return false;
  }
}

test.skipIf(!hasTaskset())(
  "a pinned child and what it starts use these processors, and its id is the child's",
  async () => {
    const last = String(allowedCpus()!.at(-1)!);
    const child = spawnChild({ module: pathToFileURL(module), arguments: ["word"], cpus: last });
    const said = await new Promise((resolve) => child.once("message", resolve));
    expect(said).toEqual({ own: last, below: last, pid: child.pid, given: ["word"] });
  },
);
