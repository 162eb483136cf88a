import type { Box, RgbImage } from "../../api.ts";
import type { ModelSetup } from "../../build/setup.ts";
import { peakDuring } from "../../measure/memory.ts";
import { answerRequests } from "../../process/calls.ts";
import { boxPrompt } from "../../prompts/timedBoxes.ts";
import type { LoadedMemory, ModelCalls, StagesMemory } from "../modelMemory.ts";
import { openPage } from "../web/open.ts";
import { type OpenedProcess, openProcess } from "./open.ts";
import { timedRequest } from "./photoLatency.ts";

export function serve(): void {
  let opened: OpenedProcess | undefined;
  answerRequests<ModelCalls>({
    async open({ setup }) {
      opened = await open(setup);
      return loadedMemory(opened);
    },
    async measure(sample) {
      if (opened === undefined) throw new Error("a call before open");
      return measurePhotoStages(opened, sample);
    },
  });
}

async function open({ external, page, graphs }: ModelSetup): Promise<OpenedProcess> {
  if (page !== undefined) return openPage(page, graphs);
  if (external === undefined) throw new Error("no other process answers for this variant");
  return openProcess(external);
}

/** Reads the memory of the process with all processes of its group; the harness's own memory is not in it. */
export function loadedMemory({ link }: OpenedProcess): LoadedMemory {
  return { load: link.memory.peakBytes(), loaded: link.memory.residentBytes() };
}

/** Measures the peaks while the photo is encoded and while the box is decoded. */
export async function measurePhotoStages(
  { link, variant, preset }: OpenedProcess,
  { photo, box }: { readonly photo: RgbImage; readonly box: Box },
): Promise<StagesMemory> {
  const encode = await peakDuring(() => variant.setImage(photo), link.memory);
  const decode = await peakDuring(() => variant.decode([boxPrompt(box, preset)], timedRequest(preset)), link.memory);
  return { encode: encode.peakBytes, decode: decode.peakBytes };
}
