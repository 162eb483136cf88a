import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readReports } from "../../results/index/reports.ts";
import { chosenSoundRuns } from "../../results/storedRuns.ts";
import { drawRuns } from "./drawnRuns.ts";

const drawn = { runs: 5, checkpoints: 2, images: 3, targets: 2, rounds: 4, seed: 0 };

test("drawn runs are sound, the same in every drawing, and several of a checkpoint where they are more", async () => {
  const folders = await Promise.all([1, 2].map(() => mkdtemp(join(tmpdir(), "drawn-runs-"))));
  const [ids, again] = await Promise.all(folders.map((folder) => drawRuns(folder, drawn)));
  expect(ids).toHaveLength(5);
  expect(again).toEqual(ids);
  for (const id of ids!)
    for (const name of await readdir(join(folders[0]!, id)))
      expect(await readFile(join(folders[0]!, id, name))).toEqual(await readFile(join(folders[1]!, id, name)));
  const notices: string[] = [];
  const choice = { results: folders[0]!, names: [], all: false };
  const newest = await chosenSoundRuns(choice, (text) => notices.push(text));
  expect(newest.map(({ facts }) => facts.id).sort()).toEqual([ids![3], ids![4]].sort());
  expect(notices).toEqual([]);
  const [report] = await readReports(newest);
  expect(report).toMatchObject({ images: { finished: 3, failed: 0 }, latency: { encode: { n: 4 } } });
  expect(report!.prompts.box!.miou).toMatchObject({ n: 6 });
});
