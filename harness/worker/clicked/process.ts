import type { PhotoTimes, Prompt, RgbImage } from "../../api.ts";
import type { ExternalSetup, ModelSetup } from "../../build/setup.ts";
import { answerRequests } from "../../process/calls.ts";
import { checkedVariant } from "../checkedVariant.ts";
import { photoHolder } from "../external/heldPhoto.ts";
import { openProcess } from "../external/open.ts";
import { openModel } from "../modelMemory.ts";
import type { PromptAnswer } from "./answer.ts";
import { embeddingModel, type PhotoEncoded, type PromptedModel, promptedModel } from "./model.ts";

/** Calls of a process that holds one model and one photo, for a person who clicks. */
export interface PromptedCalls {
  open: { readonly request: { readonly setup: ModelSetup }; readonly reply: object };
  encode: { readonly request: { readonly photo: RgbImage }; readonly reply: PhotoEncoded };
  decode: { readonly request: { readonly prompt: Prompt<"image"> }; readonly reply: PromptAnswer };
}

interface Opened extends PromptedModel {
  /** Ends another program that computes. */
  close?(): Promise<void>;
}

export function serve(): void {
  let opened: Opened | undefined;
  const loaded = (): Opened => {
    if (opened === undefined) throw new Error("a call before open");
    return opened;
  };
  answerRequests<PromptedCalls>(
    {
      async open({ setup }) {
        opened = await open(setup);
        return {};
      },
      encode: ({ photo }) => loaded().encode(photo),
      decode: ({ prompt }) => loaded().decode(prompt),
    },
    async () => opened?.close?.(),
  );
}

async function open(setup: ModelSetup): Promise<Opened> {
  if (setup.external !== undefined) return openExternal(setup.external);
  const { variant, preset, checks } = await openModel(setup);
  return embeddingModel(checkedVariant(variant, checks), preset);
}

async function openExternal(external: ExternalSetup): Promise<Opened> {
  const { variant, preset, link } = await openProcess(external);
  const model = promptedModel(async (photo) => {
    let times: PhotoTimes | undefined;
    const told = {
      ...variant,
      async setImage(each: RgbImage) {
        times = await variant.setImage(each);
        return times;
      },
    };
    const { value: held } = await photoHolder(told, preset).prepare(photo).hold();
    return { held, times: times! };
  });
  return { ...model, close: () => link.close() };
}
