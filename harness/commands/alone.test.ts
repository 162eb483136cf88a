import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { runCommandLine } from "../cli.ts";
import { storeExample } from "../report/fixtures/runs.ts";
import { alone } from "./alone.ts";
import { memoryConsole } from "./fixtures/bench.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "alone-"));
  vi.stubEnv("SAM_BENCH_HOME", join(folder, "home"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function write(...names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), "x");
  }
}

async function said(): Promise<readonly string[]> {
  const console = memoryConsole();
  expect(await alone(console, join(folder, "here"))).toBe(0);
  return console.said.out.trimEnd().split("\n");
}

test("in an empty folder the quick start and the small published models are next", async () => {
  expect(await said()).toEqual([
    "bench measures Segment Anything variants. With what is here:",
    "  bench run",
    "      no run here yet: measures the small trained models on 26 photos",
    "  bench pull --small",
    "      brings the small ones of the published models",
    "  bench --help",
    "      all commands; bench COMMAND --help has examples",
  ]);
});

test("runs, checkpoints and data each come with the command that uses them, on 15 lines at most", async () => {
  write("home/checkpoints/mobile_sam.pt", "home/datasets/coco-val2017/annotations/instances_val2017.json");
  write("here/new.pth", "here/weights/b.safetensors", "here/holiday photos/a.jpg", "here/holiday photos/b.png");
  write("here/pairs/images/a.jpg", "here/pairs/masks/a.png", "here/notes/todo.txt");
  await storeExample(join(folder, "here/results"), { variant: "sam-nano" });
  const status = { state: "stopped", message: "by Ctrl-C" } as const;
  await storeExample(join(folder, "here/results"), {
    variant: "mobilesam",
    manifest: { status, createdAt: "2024-05-02T00:00:00Z" },
  });
  const lines = await said();
  expect(lines.length).toBeLessThanOrEqual(15);
  expect(lines.slice(1)).toEqual([
    "  bench table",
    "      2 runs, the newest of mobilesam on shapes, 2024-05-02",
    "  bench list runs",
    "      1 run without an end; the same bench run goes on",
    "  bench run --variants mobilesam",
    "      their checkpoints are in the home folder",
    "  bench inspect ./new.pth",
    "      a checkpoint of 0 MB, one of 2 here: which variant it fits",
    "  bench choose --data './holiday photos' --max-latency 50ms",
    "      2 photos without masks",
    "  bench choose --data ./pairs --max-latency 50ms",
    "      annotated photos, read as folder; 1 more folder here",
    "  bench --help",
    "      all commands; bench COMMAND --help has examples",
  ]);
});

test("a folder of photos is named as the folder one is in", async () => {
  write("here/a.jpg");
  expect(await said()).toContain("  bench choose --data . --max-latency 50ms");
});

test.each([true, undefined])(
  "without a command, a terminal (%s) gets the next steps and a pipe the help's hint",
  async (isTTY) => {
    const streams = [vi.spyOn(process.stdout, "write"), vi.spyOn(process.stderr, "write")];
    for (const each of streams) each.mockReturnValue(true);
    const before = { exitCode: process.exitCode, isTTY: process.stdout.isTTY };
    process.stdout.isTTY = isTTY as boolean;
    try {
      const answered = vi.fn(async () => 0);
      await runCommandLine([], { name: "bench", about: "tests", commands: {}, alone: answered });
      expect(answered).toHaveBeenCalledTimes(isTTY ? 1 : 0);
      expect(process.exitCode).toBe(isTTY ? 0 : 2);
      if (!isTTY) expect(streams[1]!.mock.calls.join()).toContain("a command is needed; bench --help lists them");
    } finally {
      process.exitCode = before.exitCode;
      process.stdout.isTTY = before.isTTY;
      for (const each of streams) each.mockRestore();
    }
  },
);
