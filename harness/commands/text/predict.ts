import type { Prompt, Size } from "../../api.ts";
import { areaOf } from "../../mask/index.ts";
import { wrap } from "../../report/table/formats/layout.ts";
import type { AnsweredPrompt } from "../../serve/prompt.ts";
import { plainTable } from "./plainTable.ts";

const defaults = { width: 120 };

/** One prompt's answer, with what was asked of which model. */
export interface Predicted {
  readonly variant: string;
  readonly weights: string;
  readonly size: Size;
  readonly prompt: Prompt<"image">;
  readonly answer: AnsweredPrompt;
}

/** Says what one prompt gave: a row for each mask, which of them is kept, and how long each stage took. */
export function predictedText({ variant, weights, size, prompt, answer }: Predicted, width = defaults.width): string {
  const { tokens, chosen, prepareMs, encodeMs, decodeMs, upscaleMs } = answer;
  const rows = tokens.map(({ mask, predictedIou }, i) => [
    String(i),
    predictedIou === undefined ? "" : (100 * predictedIou).toFixed(1),
    String(areaOf(mask)),
    ((100 * areaOf(mask)) / (size.height * size.width)).toFixed(2),
    i === chosen ? "kept" : "",
  ]);
  const ms = Object.entries({ prepare: prepareMs, encode: encodeMs, decode: decodeMs, upscale: upscaleMs }).map(
    ([stage, duration]) => `${stage} ${duration.toFixed(1)} ms`,
  );
  return [
    wrap(`${variant} (${weights}) on ${size.width} x ${size.height} px, ${promptText(prompt)}`, width),
    plainTable(["mask", "predicted IoU %", "area px", "area %", ""], rows),
    wrap(`${ms.join(", ")}; a first run: bench run measures`, width),
  ].join("\n");
}

function promptText({ points, box }: Prompt<"image">): string {
  const count = (label: 0 | 1) => points.filter((point) => point.label === label).length;
  const parts = [
    count(1) > 0 ? `points of the object: ${count(1)}` : "",
    count(0) > 0 ? `points not of it: ${count(0)}` : "",
    box === undefined ? "" : "a box",
  ];
  return parts.filter((part) => part !== "").join(", ");
}
