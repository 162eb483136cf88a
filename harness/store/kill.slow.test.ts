import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { integer, random } from "../stats/random.ts";
import { exampleManifest, exampleRows } from "./fixtures/run.ts";
import { rowsHash } from "./rows.ts";
import { openRun, readRun } from "./store.ts";

const folder = dirname(fileURLToPath(import.meta.url));
const writer = join(folder, "fixtures", "writer.ts");
const command = (results: string, images: number) => ["--import", "tsx", writer, results, String(images)];
const { id } = exampleManifest();

test("killed at random moments and resumed, a run has every image once and the rows of a run without kills", async () => {
  const results = await newResults("kill");
  const images = 1500;
  const moments = random(11, "kill");
  let kills = 0;
  let seen = 0;
  for (let done = false; !done; ) {
    const child = spawn(process.execPath, command(results, images), {
      cwd: folder,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exit = once(child, "exit");
    if (kills < 5) {
      await Promise.race([once(child.stdout!, "data"), exit]);
      await delay(integer(moments, 60));
      if (child.exitCode === null && child.kill("SIGKILL")) kills++;
    }
    const [code] = (await exit) as [number | null];
    expect([0, null]).toContain(code);
    done = code === 0;
    // Read without writing, as `bench table` does: nothing finished is lost, whatever the kill left behind it.
    const rows = await countRows(results);
    expect(rows).toBeGreaterThanOrEqual(seen);
    seen = rows;
  }
  expect(kills).toBeGreaterThanOrEqual(3);

  const run = await openRun(results, exampleManifest());
  expect(run.finishedImages().size).toBe(images);
  expect(run.tornBytes).toBe(0);
  await run.close();
  const expected = Array.from({ length: images }, (_, image) => exampleRows(image)).flat();
  expect(await (await readRun(results, id)).rowsHash()).toBe(await rowsHash(expected));
});

test("of three processes started at once on the same run one writes it and the others name it", async () => {
  const results = await newResults("race");
  const started = Array.from({ length: 3 }, () =>
    spawn(process.execPath, [...command(results, 300), "hold"], { cwd: folder }),
  );
  let gone = 0;
  const ends = await Promise.all(
    started.map(async (child) => {
      const end = await ended(child);
      // The writer holds the run until both others have been refused.
      if (++gone === 2) for (const other of started) other.stdin.end();
      return { pid: child.pid, ...end };
    }),
  );
  expect(ends.map(({ code }) => code).sort()).toEqual([0, 2, 2]);
  const writer = ends.find(({ code }) => code === 0)!;
  for (const { output } of ends.filter(({ code }) => code === 2)) {
    expect(output).toContain(`another process is writing this run (found pid ${writer.pid})`);
  }
  const expected = Array.from({ length: 300 }, (_, image) => exampleRows(image)).flat();
  expect(await (await readRun(results, id)).rowsHash()).toBe(await rowsHash(expected));
});

// The limit stands in for a full disk: a write is cut where the room ends, and the next one is refused.
test.skipIf(process.platform === "win32")(
  "a disk that fills up ends the run with what is needed, rows stay whole, and it goes on",
  async () => {
    const results = await newResults("full");
    const limited = spawn("bash", ["-c", 'ulimit -f 300; exec "$0" "$@"', process.execPath, ...command(results, 200)], {
      cwd: folder,
    });
    const { code, output } = await ended(limited);
    expect(code).toBe(2);
    expect(output).toContain("rows.jsonl: the largest allowed file size is reached (found EFBIG)");
    expect(output).toContain("finished images are kept");
    expect((await readFile(join(results, id, "rows.jsonl"), "utf8")).endsWith("\n")).toBe(true);

    const run = await openRun(results, exampleManifest());
    expect(run.tornBytes).toBe(0);
    const finished = run.finishedImages().size;
    expect(finished).toBeGreaterThan(0);
    expect(finished).toBeLessThan(200);
    for (let image = finished; image < 200; image++) await run.append(image, exampleRows(image));
    await run.close();
    const expected = Array.from({ length: 200 }, (_, image) => exampleRows(image)).flat();
    expect(await run.rowsHash()).toBe(await rowsHash(expected));
  },
);

async function newResults(name: string): Promise<string> {
  const results = await mkdtemp(join(tmpdir(), `${name}-`));
  onTestFinished(() => rm(results, { recursive: true }));
  return results;
}

async function countRows(results: string): Promise<number> {
  let count = 0;
  for await (const _ of (await readRun(results, id)).rows()) count++;
  return count;
}

async function ended(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data: Buffer) => (output += data.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output };
}
