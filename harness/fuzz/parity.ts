import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Command, line } from "../commands/terminal/command.ts";
import { createProgress } from "../commands/terminal/progress.ts";
import { plainTable } from "../commands/text/plainTable.ts";
import { HarnessError } from "../errors.ts";
import { random } from "../stats/random.ts";
import { drawDataset } from "./dataset.ts";
import { drawLvisDataset } from "./lvisDataset.ts";
import { type Files, type Scores, scoresOfFiles, scoresOfRows } from "./parityScores.ts";

const defaults = {
  /** One process of Python scores this many datasets. */
  batch: 100,
  /** Sums of the same numbers in another order differ by less. */
  tolerance: 1e-9,
};

type Rules = "coco" | "lvis";

const tools = { coco: "pycocotools", lvis: "lvis-api" } as const;

export const parity: Command = {
  name: "parity",
  describe: "Score drawn datasets with pycocotools and lvis-api too, and report every number that differs",
  arguments: [],
  options: {
    python: { describe: "a Python that has pycocotools and lvis", type: "string", default: "python3" },
    rules: { describe: "of COCO or of LVIS; both without it", type: "string", choices: ["coco", "lvis"] },
    datasets: { describe: "how many are drawn for each", type: "number", default: 2000 },
    seed: { describe: "of the datasets: another seed tries others", type: "number", default: 0 },
    out: { describe: "folder for the files that are scored differently", type: "string", default: "parity-found" },
  },
  examples: [["npm run fuzz -- parity --python venv/bin/python", "2000 datasets of each kind, some minutes"]],
  async run(args, console) {
    const chosen = args.rules === undefined ? (["coco", "lvis"] as const) : [args.rules as Rules];
    const totals: string[][] = [];
    let differences = 0;
    for (const rules of chosen) {
      const order = {
        rules,
        python: args.python as string,
        seed: args.seed as number,
        count: args.datasets as number,
        out: resolve(args.out as string),
      };
      const total = await compareAll(order, console);
      differences += total.differences;
      totals.push([tools[rules], String(order.count), String(total.numbers), String(total.differences)]);
    }
    line(console, plainTable(["against", "datasets", "numbers", "differences"], totals));
    return differences === 0 ? 0 : 1;
  },
};

interface Order {
  readonly rules: Rules;
  readonly python: string;
  readonly seed: number;
  readonly count: number;
  readonly out: string;
}

async function compareAll({ rules, python, seed, count, out }: Order, console: Parameters<Command["run"]>[1]) {
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-parity-"));
  const progress = createProgress(console, { total: count, unit: `datasets of ${tools[rules]}` });
  const total = { numbers: 0, differences: 0 };
  try {
    for (let first = 0; first < count; first += defaults.batch) {
      const batch = Math.min(defaults.batch, count - first);
      for (let i = 0; i < batch; i++) write(filesOf(folder, i), { rules, seed, index: first + i });
      const expected = await referenceScores({ python, folder, rules, count: batch });
      for (const [i, theirs] of expected.entries()) {
        const files = filesOf(folder, i);
        const ours = { ...(await scoresOfFiles(files, rules)), ...(await scoresOfRows(files, rules)) };
        const differences = differencesOf(ours, theirs);
        total.numbers += Object.values(ours).flat().length;
        total.differences += differences.length;
        if (differences.length > 0) keep(files, out, `${rules}-${seed}-${first + i}`);
        for (const text of differences) progress.note(`${rules} dataset ${first + i}: ${text}`);
        progress.update(first + i + 1, `${total.differences} differences`);
      }
    }
  } finally {
    progress.finish();
    rmSync(folder, { recursive: true, force: true });
  }
  return total;
}

function filesOf(folder: string, name: number | string): Files {
  return { annotations: join(folder, `${name}.annotations.json`), detections: join(folder, `${name}.detections.json`) };
}

/** Draws and writes a dataset; half of the files have white space. */
function write(files: Files, { rules, seed, index }: { rules: Rules; seed: number; index: number }): void {
  const draw = rules === "coco" ? drawDataset : drawLvisDataset;
  const { annotations, detections } = draw(random(seed, `parity${rules === "coco" ? "" : " lvis"}`, index));
  writeFileSync(files.annotations, JSON.stringify(annotations, undefined, index % 2));
  writeFileSync(files.detections, JSON.stringify(detections, undefined, index % 2));
}

function keep(files: Files, folder: string, name: string): void {
  mkdirSync(folder, { recursive: true });
  const kept = filesOf(folder, name);
  copyFileSync(files.annotations, kept.annotations);
  copyFileSync(files.detections, kept.detections);
}

interface Batch {
  readonly python: string;
  readonly folder: string;
  readonly rules: Rules;
  readonly count: number;
}

/** Scores a batch in Python. Throws HarnessError where Python or a package is missing: a hunt that skips would find nothing. */
async function referenceScores({ python, folder, rules, count }: Batch): Promise<readonly Scores[]> {
  const script = fileURLToPath(new URL("parity.py", import.meta.url));
  const { stdout } = await promisify(execFile)(python, [script, folder, rules, String(count)], {
    maxBuffer: 1 << 28,
  }).catch((cause: Error) => {
    throw new HarnessError(`${python}: ${tools[rules]} did not score the datasets`, {
      found: cause.message,
      cause,
      hint: "pip install pycocotools lvis, and give --python",
    });
  });
  return stdout
    .trim()
    .split("\n")
    .map((text) => JSON.parse(text) as Scores);
}

/** Compares every number of ours with theirs at the same place; rows have only the first of the numbers. */
function differencesOf(ours: Scores, theirs: Scores): readonly string[] {
  const missing = Object.keys(theirs).flatMap((way) =>
    ours[way]?.length === theirs[way]!.length
      ? []
      : [`${way}: ${ours[way]?.length} numbers, expected ${theirs[way]!.length}`],
  );
  const different = Object.entries(ours).flatMap(([way, found]) => {
    const expected = theirs[way.replace(" rows", "")]!;
    return found.flatMap((value, i) => {
      const equal = Math.abs(value - expected[i]!) <= defaults.tolerance;
      return equal ? [] : [`${way}, number ${i}: found ${value}, expected ${expected[i]}`];
    });
  });
  return [...missing, ...different];
}
