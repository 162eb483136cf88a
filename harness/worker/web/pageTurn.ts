import { z } from "zod";
import type { ImageId } from "../../api.ts";
import { checked } from "../../foreign.ts";
import { processMemory } from "../../measure/memory.ts";
import type { Question } from "../../process/external/answers.ts";
import { timedBoxes } from "../../prompts/timedBoxes.ts";
import type { PhotoLatencyInput } from "../external/photoLatency.ts";
import type { LatencySample } from "../latency.ts";
import type { BoxedPhoto, StageTimes } from "../stages/timedStages.ts";
import type { OpenedPage } from "./open.ts";

const ms = z.number().nonnegative();

const stageTimes = z.object({
  prepareMs: ms,
  encodeMs: ms.positive(),
  decodeMs: ms.positive(),
  upscaleMs: ms,
  batch: z.object({ prompts: z.int().positive(), durationMs: ms.positive() }),
});

type Page = Pick<OpenedPage, "link" | "preset">;

/** Asks a page to take a photo through all stages; the page's own clock times them, by the code that times them in Node. */
export async function pageStages({ link, preset }: Page, sample: BoxedPhoto): Promise<StageTimes> {
  const { fields } = await link.ask({ call: "stages", ...boxedQuestion(sample) });
  return checked(stageTimes, fields, `${preset.id}: stages`);
}

/** Returns a photo and its boxes as a question has them. */
export function boxedQuestion({ photo, boxes }: BoxedPhoto): Pick<Question, "fields" | "frames"> {
  const { height, width } = photo.size;
  const corners = boxes.map(({ x0, y0, x1, y1 }) => [x0, y0, x1, y1]);
  return { fields: { height, width, boxes: corners }, frames: [photo.pixels] };
}

/** Takes an image through all stages in a page. The pixels that are sent to it are in no stage: a page of its own would have them. */
export async function measurePageTurn(
  { dataset, ...page }: Page & Pick<PhotoLatencyInput, "dataset">,
  image: ImageId,
): Promise<LatencySample> {
  const photo = await dataset.read(image);
  const times = await pageStages(page, { photo, boxes: timedBoxes(dataset, image, photo.size) });
  return { ...times, peakBytes: processMemory().peakBytes() + page.link.memory.peakBytes() };
}
