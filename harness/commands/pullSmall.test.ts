import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { resolvePlan } from "../plan/plan.ts";
import { loadRegistry } from "../plan/plugins/registry.ts";
import { smallModels } from "../pull/catalog.ts";
import { sendFile, serve } from "../pull/fixtures/server.ts";
import { memoryConsole, program } from "./fixtures/bench.ts";
import { commands } from "./index.ts";
import type { Arguments } from "./terminal/command.ts";
import { smallModelsText, totalText } from "./text/models/smallModels.ts";
import { nextOfPlan } from "./text/nextSteps.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-pull-"));
  vi.stubEnv("SAM_BENCH_HOME", join(folder, "home"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const size = 600_000;
const files: Readonly<Record<string, Buffer>> = {
  efficient_sam_vitt: Buffer.alloc(size, 1),
  "FastSAM-s": Buffer.alloc(size, 2),
  mobile_sam: Buffer.alloc(size, 3),
};
const hashes = Object.entries(files).map(([id, content]) => `${id}=${sha256(content)}`);
const contentOf = (url: string) => files[url.slice(1).replace(/\.pt$/, "")]!;

test("the small models are the three that newcomers are told of, with sizes where their authors name them", async () => {
  const models = smallModels(await loadRegistry());
  expect(smallModelsText(models)).toBe(
    "Published models: `bench pull --small` brings EfficientSAM-Ti (size unknown), FastSAM-s (size unknown) and MobileSAM (41 MB)",
  );
  expect(totalText(models.map(({ file }) => file))).toBe("41 MB and 2 of unknown size");
});

test("the command is named under the table of all variants while none of the three is here", async () => {
  expect(nextOfPlan(await resolvePlan({ limit: 1 }))).toMatch(
    /^`bench pull --small` brings 3 published models \(41 MB and 2 of unknown size\)$/,
  );
  expect(nextOfPlan(await resolvePlan({ limit: 1, variants: "sam-nano" }))).toBeUndefined();
  mkdirSync(join(folder, "home", "checkpoints"), { recursive: true });
  // Of a chosen checkpoint only the file's place is read.
  writeFileSync(join(folder, "home", "checkpoints", "mobile_sam.pt"), "");
  expect(nextOfPlan(await resolvePlan({ limit: 1 }))).toMatch(/^`bench pull (\S+)` brings the checkpoint of \1$/);
});

test("every licence is shown before the first file is asked for, and what is here is said and not brought again", async () => {
  const console = memoryConsole();
  const before: string[] = [];
  const server = await serve((request, response) => {
    before.push(console.said.notes);
    sendFile(request, response, contentOf(request.url!));
  });
  onTestFinished(() => server.close());
  const args = { small: true, mirror: server.url, sha256: hashes };
  await pullWith(args, console);
  for (const id of Object.keys(files)) expect(before[0]).toContain(`${id}: licence Apache-2.0`);
  expect(before[0]).toContain("3 of 3 files to bring: 41 MB and 2 of unknown size");
  expect(server.requests).toEqual(["/efficient_sam_vitt.pt", "/FastSAM-s.pt", "/mobile_sam.pt"]);
  expect(readFileSync(join(folder, "home", "checkpoints", "FastSAM-s.pt"))).toEqual(files["FastSAM-s"]);

  const again = memoryConsole();
  await pullWith(args, again);
  expect(again.said.notes.match(/licence Apache-2.0, here already/g)).toHaveLength(3);
  expect(again.said.notes).not.toContain("to bring");
  expect(server.requests).toHaveLength(3);
});

test("a file with a published hash is not taken from a mirror that has another, small or not", async () => {
  const server = await serve((request, response) => sendFile(request, response, contentOf(request.url!)));
  onTestFinished(() => server.close());
  const given = hashes.filter((each) => !each.startsWith("mobile_sam="));
  await expect(pullWith({ small: true, mirror: server.url, sha256: given }, memoryConsole())).rejects.toThrow(
    "mobile_sam.pt: not the published file (found 600000 bytes, expected 40728226 bytes)",
  );
});

test("a hash of a file that is not pulled, and two of one file, are mistakes", async () => {
  const hash = "0".repeat(64);
  await expect(pullWith({ small: true, sha256: [`mobilesam=${hash}`] }, memoryConsole())).rejects.toThrow(
    "unknown file of --sha256: mobilesam; did you mean mobile_sam?",
  );
  const twice = [`mobile_sam=${hash}`, `mobile_sam=${hash}`];
  await expect(pullWith({ small: true, sha256: twice }, memoryConsole())).rejects.toThrow(
    "--sha256: two hashes of mobile_sam",
  );
});

test.skipIf(process.platform === "win32")("killed in two files, the same command goes on from what came", async () => {
  let held: { readonly path: string; readonly response: ServerResponse } | undefined;
  const kills = ["/efficient_sam_vitt.pt", "/mobile_sam.pt"];
  const server = await serve((request, response) => {
    const path = request.url!;
    const stalled = kills[0] === path;
    if (stalled) held = { path: path.slice(1).replace(/pt$/, "part"), response };
    sendFile(request, response, contentOf(path), { etag: `"${path}"`, stallAfter: stalled ? 200_000 : undefined });
  });
  onTestFinished(() => server.close());
  const args = [program, "pull", "--small", "--mirror", server.url, ...hashes.flatMap((each) => ["--sha256", each])];
  while (kills.length > 0) {
    const child = spawn(process.execPath, args, { stdio: "ignore" });
    const ended = new Promise((resolve) => child.on("close", resolve));
    await vi.waitFor(() => expect(partSize(held?.path)).toBe(200_000), { timeout: 60_000, interval: 20 });
    child.kill("SIGKILL");
    await ended;
    kills.shift();
    held = undefined;
  }
  await pullWith({ small: true, mirror: server.url, sha256: hashes }, memoryConsole());
  expect(server.requests).toEqual([
    "/efficient_sam_vitt.pt",
    "/efficient_sam_vitt.pt bytes=200000-",
    "/FastSAM-s.pt",
    "/mobile_sam.pt",
    "/mobile_sam.pt bytes=200000-",
  ]);
  for (const [id, content] of Object.entries(files))
    expect(readFileSync(join(folder, "home", "checkpoints", `${id}.pt`)).equals(content)).toBe(true);
});

function sha256(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

function partSize(name: string | undefined): number | undefined {
  if (name === undefined) return undefined;
  return statSync(join(folder, "home", "downloads", name), { throwIfNoEntry: false })?.size;
}

async function pullWith(args: Arguments, console: ReturnType<typeof memoryConsole>): Promise<void> {
  expect(await (await commands.pull()).run(args, console)).toBe(0);
}
