import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cocoRules, evaluateFiles, type OverlapType, onceEach, proposalRules, summarizer } from "../coco/index.ts";
import { type Command, line } from "../commands/command.ts";
import { createProgress } from "../commands/progress.ts";
import { HarnessError } from "../errors.ts";
import { random } from "../stats/random.ts";
import { drawDataset } from "./dataset.ts";

const defaults = {
  /** Datasets that one process of Python scores. */
  batch: 100,
  /** Sums of the same numbers in another order. */
  tolerance: 1e-9,
};

export const parity: Command = {
  name: "parity",
  describe: "Score drawn datasets with pycocotools too, and report every number that differs",
  arguments: [],
  options: {
    python: { describe: "a Python that has pycocotools", type: "string", default: "python3" },
    datasets: { describe: "how many are drawn", type: "number", default: 2000 },
    seed: { describe: "of the datasets: another seed tries others", type: "number", default: 0 },
    out: { describe: "folder for the files that are scored differently", type: "string", default: "parity-found" },
  },
  examples: [["npm run fuzz -- parity --python venv/bin/python", "2000 datasets, some minutes"]],
  async run(args, console) {
    const [count, seed] = [args.datasets as number, args.seed as number];
    const folder = mkdtempSync(join(tmpdir(), "sam-bench-parity-"));
    const progress = createProgress(console, { total: count, unit: "datasets" });
    const total = { numbers: 0, differences: 0 };
    try {
      for (let first = 0; first < count; first += defaults.batch) {
        const batch = Math.min(defaults.batch, count - first);
        for (let i = 0; i < batch; i++) write(filesOf(folder, i), seed, first + i);
        const expected = await scoresOfPycocotools(args.python as string, folder, batch);
        for (const [i, theirs] of expected.entries()) {
          const ours = await scoresOf(filesOf(folder, i));
          const differences = differencesOf(ours, theirs);
          total.numbers += Object.values(theirs).flat().length;
          total.differences += differences.length;
          if (differences.length > 0) keep(filesOf(folder, i), resolve(args.out as string), `${seed}-${first + i}`);
          for (const text of differences) progress.note(`dataset ${first + i}: ${text}`);
          progress.update(first + i + 1, `${total.differences} differences`);
        }
      }
    } finally {
      progress.finish();
      rmSync(folder, { recursive: true, force: true });
    }
    line(console, `${count} datasets, ${total.numbers} numbers, ${total.differences} differ from pycocotools`);
    return total.differences === 0 ? 0 : 1;
  },
};

interface Files {
  readonly annotations: string;
  readonly detections: string;
}

function filesOf(folder: string, name: number | string): Files {
  return { annotations: join(folder, `${name}.annotations.json`), detections: join(folder, `${name}.detections.json`) };
}

/** Half of the files with white space. */
function write(files: Files, seed: number, index: number): void {
  const { annotations, detections } = drawDataset(random(seed, "parity", index));
  writeFileSync(files.annotations, JSON.stringify(annotations, undefined, index % 2));
  writeFileSync(files.detections, JSON.stringify(detections, undefined, index % 2));
}

function keep(files: Files, folder: string, name: string): void {
  mkdirSync(folder, { recursive: true });
  const kept = filesOf(folder, name);
  copyFileSync(files.annotations, kept.annotations);
  copyFileSync(files.detections, kept.detections);
}

/** Numbers by overlap and grouping, -1 for none. */
type Scores = Readonly<Record<string, readonly number[]>>;

async function scoresOfPycocotools(python: string, folder: string, count: number): Promise<readonly Scores[]> {
  const script = fileURLToPath(new URL("parity.py", import.meta.url));
  const { stdout } = await promisify(execFile)(python, [script, folder, String(count)], {
    maxBuffer: 1 << 28,
  }).catch((cause: Error) => {
    throw new HarnessError(`${python}: pycocotools did not score the datasets`, {
      ...{ found: cause.message, cause },
      hint: "pip install pycocotools, and give --python",
    });
  });
  return stdout
    .trim()
    .split("\n")
    .map((text) => JSON.parse(text) as Scores);
}

async function scoresOf(files: Files): Promise<Scores> {
  const scores: Record<string, number[]> = {};
  for (const type of ["segm", "bbox"] satisfies OverlapType[]) {
    for (const rules of [cocoRules, proposalRules]) {
      const { matches, annotations } = await evaluateFiles({ ...files, type, rules: () => rules, threads: 1 });
      if (annotations.warnings.length > 0) throw new Error(annotations.warnings.join("\n"));
      const { values, byCategory } = summarizer(matches, annotations.categories);
      const found = [...values(onceEach(matches)), ...byCategory(onceEach(matches))];
      scores[`${type}${rules.classAgnostic ? " class-agnostic" : ""}`] = found.map(({ value = -1 }) => value);
    }
  }
  return scores;
}

function differencesOf(ours: Scores, theirs: Scores): readonly string[] {
  return Object.entries(theirs).flatMap(([way, expected]) =>
    expected.flatMap((value, i) => {
      const found = ours[way]?.[i];
      const equal = found !== undefined && Math.abs(found - value) <= defaults.tolerance;
      return equal ? [] : [`${way}, number ${i}: found ${found}, expected ${value}`];
    }),
  );
}
