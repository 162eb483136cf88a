import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HarnessError } from "../../errors.ts";
import { integer } from "../../stats/random.ts";
import { canonicalJson, sha256 } from "../../store/canonical.ts";
import { damageOf } from "../../store/damage.ts";
import type { Manifest } from "../../store/schema.ts";
import { readRun, type StoredRun } from "../../store/store.ts";
import type { Attack } from "../parser.ts";
import { drawEdits, type Edit, edited, type Kind } from "./edits.ts";
import { planned, storeFinishedRun } from "./finishedRun.ts";

/** One case: it edits a file of a finished run. */
interface Case {
  readonly file: "rows.jsonl" | "latency.jsonl";
  /** True where the edit also writes the hashes and counts that fit, and takes out those of images. */
  readonly sealed: boolean;
  readonly edits: readonly Edit[];
}

const kinds: readonly Kind[] = ["flip", "byte", "cut", "grow", "field", "field", "repeatLine", "dropLine", "moveLine"];

/** Cuts or edits rows and latencies of a finished run: the run must be read as it was, or be called damaged. */
export const storedRows: Attack = {
  id: "stored-rows",
  describe:
    "rows and latencies of a finished run, cut or edited, in part with hashes that fit: read identical, or damaged",
  cases: 600,
  draw(random) {
    const given: Case = {
      file: integer(random, 4) === 0 ? "latency.jsonl" : "rows.jsonl",
      sealed: integer(random, 2) === 0,
      edits: drawEdits(random, kinds),
    };
    return Buffer.from(JSON.stringify(given));
  },
  async read(bytes, folder) {
    const given = JSON.parse(bytes.toString()) as Case;
    const results = join(folder, "results");
    process.env.SAM_BENCH_HOME = join(folder, "home");
    const run = await storeFinishedRun(folder);
    const before = await contentOf(run);
    const file = join(run.folder, given.file);
    writeFileSync(file, edited(readFileSync(file), given.edits));
    if (given.sealed) sealAgain(run);
    const found = await readRun(results, run.id);
    const damage = await damageOf(found.folder, found.manifest);
    if (damage !== undefined) throw new HarnessError(damage);
    if (given.sealed) await requireSensible(found);
    else if ((await contentOf(found)) !== before) throw new Error("other rows or latencies than were stored are read");
  },
};

async function contentOf(run: StoredRun): Promise<string> {
  return `${await run.rowsHash()} ${canonicalJson(await run.latency())}`;
}

/** Writes hashes and counts that fit the edited files, as anyone can who can write the folder. */
function sealAgain({ folder }: StoredRun): void {
  const rows = join(folder, "rows.jsonl");
  const latency = join(folder, "latency.jsonl");
  const text = readFileSync(rows, "latin1").replace(/,"sha256":"[0-9a-f]{64}"\}/g, "}");
  writeFileSync(rows, text, "latin1");
  const file = join(folder, "manifest.json");
  const manifest = JSON.parse(readFileSync(file, "utf8")) as Manifest;
  const status = {
    state: "done",
    images: text.match(/^\{"kind":"image"/gm)?.length ?? 0,
    rows: text.match(/^\{"kind":"(prediction|failure)"/gm)?.length ?? 0,
    rowsSha256: sha256(readFileSync(rows)),
    latencySha256: sha256(readFileSync(latency)),
  };
  writeFileSync(file, JSON.stringify({ ...manifest, status }));
}

/** Requires that each row is one that a run can write: any other would become a figure that no run can have. */
async function requireSensible(run: StoredRun): Promise<void> {
  const seen = new Set<string>();
  for await (const row of run.rows()) {
    if (!planned.includes(row.image)) throw new Error(`image ${row.image} is not of the plan`);
    if (row.kind === "failure") continue;
    const { iou = 0, predictedIou, image, prompts, target, step, token } = row;
    if (!(iou >= 0 && iou <= 1)) throw new Error(`an IoU of ${iou}`);
    if (!Number.isFinite(predictedIou)) throw new Error(`a predicted IoU of ${predictedIou}`);
    const key = [image, prompts, target, step, row.protocol, token].join(" ");
    if (seen.has(key)) throw new Error(`two rows of ${key}`);
    seen.add(key);
  }
}
