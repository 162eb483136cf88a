import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fakePythons, onPath } from "../fixtures/fakePython.ts";
import { findPython, requirePython } from "./pythons.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-pythons-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const packages = ["torch", "numpy"];

test("the first Python on the PATH that has the packages is taken", async () => {
  const path = fakePythons(folder, {
    python3: { lacks: ["torch"] },
    "python3.12": {},
    python: {},
  });
  expect(await onPath(path, () => requirePython("torch/sam-nano", packages, undefined))).toBe("python3.12");
});

test("where all of them lack a package, the one that lacks the fewest is named with the line that mends it", async () => {
  const path = fakePythons(folder, { python3: { lacks: ["torch", "numpy"] }, "python3.11": { lacks: ["torch"] } });
  await expect(onPath(path, () => requirePython("torch/sam-nano", packages, undefined))).rejects.toMatchObject({
    message: "torch/sam-nano: python3.11 lacks packages (found no torch)",
    hint: "python3.11 -m pip install torch; or --python FILE names a Python that has them",
  });
});

test("a Python that the user names is the only one that is asked", async () => {
  const path = fakePythons(folder, { python3: {}, mine: { lacks: ["numpy"] } });
  const mine = join(path, "mine");
  expect(await onPath(path, () => findPython(packages, mine))).toEqual({ command: mine, missing: ["numpy"] });
});

test("no Python at all, or a file that is none, is said", async () => {
  const empty = fakePythons(folder, {});
  await expect(onPath(empty, () => requirePython("torch/sam-nano", packages, undefined))).rejects.toThrow(
    "torch/sam-nano: no Python starts (found none on the PATH, expected Python 3.8 or newer)",
  );
  await expect(requirePython("torch/sam-nano", packages, process.execPath)).rejects.toThrow(/no Python starts/);
});

test.skipIf(spawnSync("python3", ["--version"]).status !== 0)(
  "a real Python says what it lacks (needs python3 on the PATH)",
  async () => {
    expect(await findPython(["sam-bench-has-no-such-package"], "python3")).toEqual({
      command: "python3",
      missing: ["sam-bench-has-no-such-package"],
    });
    expect(await findPython([], "python3")).toEqual({ command: "python3", missing: [] });
  },
);
