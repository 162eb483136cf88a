import { statSync } from "node:fs";
import { basename } from "node:path";
import {
  annotationFiles,
  type CheckedFile,
  checkAnnotations,
  checkPhotos,
  type Finding,
  Findings,
} from "../check/index.ts";
import { HarnessError, Stopped } from "../errors.ts";
import { loadRegistry, type Registry } from "../plan/plugins/registry.ts";
import { type Arguments, type Console, line, listOf, note, widthOf } from "./terminal/command.ts";
import { exitCodes } from "./terminal/exitCodes.ts";
import { interruptible } from "./terminal/interrupt.ts";
import { createProgress } from "./terminal/progress.ts";
import { type CheckAnswer, checkJson, checkText } from "./text/dataCheck.ts";

/** Looks each annotation file of `--data` through, and the photos that it names. Returns the exit code: 1 where it has a fault. */
export async function checkData(args: Arguments, console: Console): Promise<number> {
  const data = args.data as string | undefined;
  if (data === undefined)
    throw new HarnessError("bench data check: a folder or an annotation file is needed", {
      expected: "bench data check DATA",
    });
  const registry = await loadRegistry(listOf(args, "plugin"));
  const look = { console, registry, photos: args.photos !== false };
  const answers = await interruptible(quiet(console), async (signal) => {
    const found: CheckAnswer[] = [];
    for (const file of await annotationFiles(data)) found.push(await checkFile(file, { ...look, signal }));
    return found;
  });
  line(console, args.json ? JSON.stringify(answers.map(checkJson)) : checkText(answers, widthOf(console).width));
  return answers.some(({ findings }) => findings.some(isFault)) ? exitCodes.no.code : exitCodes.done.code;
}

interface Look {
  readonly console: Console;
  readonly registry: Registry;
  /** Whether photos are looked for and decoded. */
  readonly photos: boolean;
  readonly signal: AbortSignal;
}

/** Checks one file. What keeps a data set from being opened at all is its one finding. */
async function checkFile(file: string, look: Look): Promise<CheckAnswer> {
  try {
    const checked = await readWhole(file, look);
    const photos = look.photos ? await lookAtPhotos(file, checked, look) : undefined;
    return { file, checked, photos, findings: checked.findings.all() };
  } catch (error) {
    if (!(error instanceof HarnessError) || error instanceof Stopped) throw error;
    const findings = new Findings();
    findings.add("field", "fault", error.message);
    return { file, findings: findings.all() };
  }
}

const megabyte = 1e6;

async function readWhole(file: string, { console, signal }: Look): Promise<CheckedFile> {
  const total = Math.ceil(sizeOf(file) / megabyte);
  const progress = createProgress(console, { total, unit: "MB" });
  try {
    return await checkAnnotations(file, (bytes) => {
      stopIfAsked(signal);
      progress.update(Math.floor(bytes / megabyte), basename(file));
    });
  } finally {
    progress.finish();
  }
}

/** Returns how many photos are there. */
async function lookAtPhotos(file: string, checked: CheckedFile, look: Look): Promise<number> {
  const plugin = look.registry.datasets.get(checked.format)!;
  const dataset = await plugin.open({ data: file, seed: 0 });
  const progress = createProgress(look.console, { total: dataset.images.length, unit: "photos" });
  try {
    return await checkPhotos(dataset, {
      findings: checked.findings,
      progress(done) {
        stopIfAsked(look.signal);
        progress.update(done, basename(file));
      },
    });
  } finally {
    progress.finish();
  }
}

function stopIfAsked(signal: AbortSignal): void {
  if (signal.aborted) throw new Stopped("stopped before the end; a check stores nothing and begins anew");
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch (cause) {
    throw new HarnessError(`${file}: no such file`, { cause });
  }
}

/** Says what an interrupt does, where progress lines come and go. */
function quiet(console: Console) {
  return { note: (text: string) => note(console, text), finish: () => undefined };
}

function isFault({ severity }: Finding): boolean {
  return severity === "fault";
}
