import type { Box, Point, Prompt, RgbImage, Size, VariantManifest } from "../api.ts";
import type { ModelSetup } from "../build/setup.ts";
import { HarnessError } from "../errors.ts";
import { Deadlines } from "../process/deadlines.ts";
import type { PromptAnswer } from "../worker/clicked/answer.ts";
import type { PhotoEncoded } from "../worker/clicked/model.ts";
import { startPromptedModel } from "../worker/workerProcess.ts";

/** Words of a prompt, as a command line has them: `x,y` and `x0,y0,x1,y1` in image pixels. */
export interface PromptWords {
  readonly points: readonly string[];
  readonly notPoints: readonly string[];
  readonly box: string | undefined;
}

/** Reads a prompt. Throws HarnessError for words that are no numbers, that lie outside of the photo, and where there are none. */
export function parsePrompt({ points, notPoints, box }: PromptWords, size: Size): Prompt<"image"> {
  const read = (flag: string, label: Point["label"]) => (text: string) => {
    const [x, y] = numbersIn(flag, text, 2) as [number, number];
    requireInside(`${flag} ${text}`, { x, y }, size);
    return { x, y, label };
  };
  const prompt = {
    frame: "image",
    points: [...points.map(read("--point", 1)), ...notPoints.map(read("--not-point", 0))],
    box: box === undefined ? undefined : boxIn(box, size),
  } as const;
  if (prompt.points.length === 0 && prompt.box === undefined)
    throw new HarnessError("a prompt is needed", { hint: "--point 320,240, or --box 100,80,300,260; in image pixels" });
  return prompt;
}

function boxIn(text: string, size: Size): Box {
  const [x0, y0, x1, y1] = numbersIn("--box", text, 4) as [number, number, number, number];
  for (const corner of [
    { x: x0, y: y0 },
    { x: x1, y: y1 },
  ])
    requireInside(`--box ${text}`, corner, size);
  if (x0 < x1 && y0 < y1) return { x0, y0, x1, y1 };
  throw new HarnessError(`--box ${text}: has no area`, { expected: "x0,y0,x1,y1 with x0 < x1 and y0 < y1" });
}

function numbersIn(flag: string, text: string, count: number): readonly number[] {
  const words = text.split(",");
  const numbers = words.map((word) => (word.trim() === "" ? Number.NaN : Number(word)));
  if (numbers.length === count && numbers.every(Number.isFinite)) return numbers;
  const expected = count === 2 ? "x,y" : "x0,y0,x1,y1";
  throw new HarnessError(`${flag}: not ${count} numbers`, { found: text, expected: `${expected} in image pixels` });
}

/** The right and the bottom edge belong to the photo: a box may end there. */
function requireInside(subject: string, { x, y }: Omit<Point, "label">, { width, height }: Size): void {
  if (x >= 0 && y >= 0 && x <= width && y <= height) return;
  throw new HarnessError(`${subject}: lies outside of the photo`, { expected: `within ${width} x ${height} px` });
}

/** Throws HarnessError for a prompt that a model does not take. A box counts as two points. */
export function requireTaken(
  { points, box }: Prompt<"image">,
  { id, lacks, maxPoints }: Pick<VariantManifest, "id" | "lacks" | "maxPoints">,
): void {
  if (box !== undefined && lacks.includes("box-prompt"))
    throw new HarnessError(`${id}: takes no box`, { hint: "leave --box out, and give a point" });
  const found = points.length + (box === undefined ? 0 : 2);
  if (found > (maxPoints ?? found))
    throw new HarnessError(`${id}: takes fewer points`, {
      found,
      expected: `at most ${maxPoints}; a box counts as two`,
    });
}

/** A photo and a prompt that were answered. Nothing ran before it: its times are those of a first run. */
export interface AnsweredPrompt extends PromptAnswer, PhotoEncoded {}

/** Has a process of its own answer one prompt, as the harness does for a page. */
export async function answerOnce(setup: ModelSetup, photo: RgbImage, prompt: Prompt<"image">): Promise<AnsweredPrompt> {
  const model = await startPromptedModel(setup, new Deadlines());
  try {
    const times = await model.call("encode", { photo });
    return { ...times, ...(await model.call("decode", { prompt })) };
  } finally {
    await model.close();
  }
}
