import { spawn } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { projectRoot } from "../plan/plugins/sources.ts";

let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "sam-bench-copy-"));
  const parts = ["harness", "variants", "datasets", "package.json", "tsconfig.json"];
  const shipped = (file: string) => basename(file) !== "fixtures" && !/\.test\.ts$/.test(file);
  for (const part of parts) cpSync(join(projectRoot, part), join(copy, part), { recursive: true, filter: shipped });
  symlinkSync(join(projectRoot, "node_modules"), join(copy, "node_modules"));
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

test("a variant, a protocol or a metric that a run does not use leaves its id; the upscaling makes it another run", async () => {
  const [first] = await runsAfter(() => undefined);

  const unchanged = await runsAfter(() => {
    comment("variants/fastsam/variant.ts");
    comment("harness/metrics/miou.ts");
    comment("harness/coco/match/match.ts");
    const gtbox = readFileSync(join(copy, "harness/protocols/gtbox.ts"), "utf8");
    writeFileSync(
      join(copy, "harness/protocols/mine.ts"),
      gtbox.replace('"miou-gtbox"', '"miou-mine"').replace('"box"', '"mine"'),
    );
    const index = join(copy, "harness/protocols/index.ts");
    const listed = readFileSync(index, "utf8").replace("[\n  gtboxArgmax,", "[\n  mine,\n  gtboxArgmax,");
    writeFileSync(index, `import { gtbox as mine } from "./mine.ts";\n${listed}`);
  });
  expect(unchanged).toEqual([first]);
  expect(said).toContain("finished before, nothing to do");
  expect(said).not.toContain("goes on");

  const changed = await runsAfter(() => comment("harness/mask/upscale/upscale.ts"));
  expect(changed).toHaveLength(2);
  expect(changed).toContain(first);
}, 120_000);

let said = "";

function comment(file: string): void {
  appendFileSync(join(copy, file), "\n// A remark that changes nothing.\n");
}

/** The ids of the runs that are kept, once the copy was changed and asked for the same run again. */
async function runsAfter(change: () => void): Promise<readonly string[]> {
  change();
  const results = join(copy, "runs");
  const flags = [
    "--variants",
    "sam-nano",
    "--dataset",
    "shapes",
    "--limit",
    "1",
    "--prompts",
    "box",
    "--phase",
    "accuracy",
  ];
  const child = spawn(process.execPath, [join(copy, "harness/bench.mjs"), "run", ...flags, "--results", results], {
    env: { ...process.env, SAM_BENCH_HOME: join(copy, "home") },
    stdio: ["ignore", "ignore", "pipe"],
  });
  said = "";
  child.stderr.on("data", (text) => {
    said += text;
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  expect(code, said).toBe(0);
  return readdirSync(results).filter((name) => name.startsWith("sam-nano"));
}
