import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { drawnRoot } from "../measure/machine/fixtures/drawnRoot.ts";
import { processorsOf } from "./pinnedCpus.ts";

const root = drawnRoot({
  "proc/self/status": "Cpus_allowed_list:\t0-3,8",
  "sys/fs/cgroup/cpu.max": "250000 100000",
  "bin/taskset": "",
});
const linux = { root, system: "linux", path: `/nowhere:${join(root, "bin")}` } as const;

test("pinned processors decide the threads, up to a container's quota, and have one spelling", () => {
  expect(processorsOf({ cpus: "8,0-1" }, linux)).toEqual({ threads: 2, cpus: "0-1,8" });
  expect(processorsOf({ cpus: "1" }, linux)).toEqual({ threads: 1, cpus: "1" });
  expect(processorsOf({ cpus: "0-3", threads: 4 }, linux)).toEqual({ threads: 4, cpus: "0-3" });
  expect(processorsOf({ threads: 3 }, linux)).toEqual({ threads: 3, cpus: undefined });
});

test("processors outside of the allowed ones are refused by number", () => {
  expect(() => processorsOf({ cpus: "2-9" }, linux)).toThrow(
    "--cpus: processors that this process may not use (found 4-7,9, expected some of 0-3,8)",
  );
});

test("a list that is none, another system and a missing taskset are each refused with what helps", () => {
  const hintOf = (...given: Parameters<typeof processorsOf>) => {
    try {
      return processorsOf(...given);
    } catch (error) {
      return (error as { hint?: string }).hint;
    }
  };
  expect(() => processorsOf({ cpus: "all" }, linux)).toThrow("no list of processors (found all");
  expect(() => processorsOf({ cpus: "0" }, { ...linux, system: "darwin" })).toThrow("found darwin");
  expect(hintOf({ cpus: "0" }, { ...linux, path: dirname(root) })).toMatch(/install util-linux/);
});
