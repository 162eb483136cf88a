import type { Box, DecoderRules, ImageEmbedding, VariantManifest } from "../../../api.ts";
import { HarnessError } from "../../../errors.ts";
import type { Message } from "../../../process/external/messages.ts";
import { outputChecks } from "../../outputChecks.ts";
import { stageOutputs } from "../../stages/stageOutputs.ts";
import { type BoxedPhoto, timedStages } from "../../stages/timedStages.ts";
import type { PageAnswers } from "./channel.ts";
import { deviceName, engine } from "./engine.ts";
import type { PageLoaders } from "./loaders.ts";
import { decodePrompts, encodePhoto, type PageModel, photoIn } from "./photo.ts";
import { scope } from "./scope.ts";
import { type PageGraph, prepareRuntime } from "./session.ts";

/** Fields of the question `load`. */
export interface PageLoad {
  readonly preset: VariantManifest;
  readonly rules: DecoderRules;
  readonly threads: number;
  readonly graphs: Readonly<Record<string, PageGraph>>;
}

/** Returns what answers for one model in a page. `origin` is when the page was asked for, in ms since 1970. */
export function pageAnswers(loaders: PageLoaders, origin: number): PageAnswers {
  let model: PageModel | undefined;
  let held: ImageEmbedding | undefined;
  let outputs: readonly Uint8Array[] = [];
  const loaded = (): PageModel => {
    if (model === undefined) throw new Error("a question before load");
    return model;
  };
  return {
    async load({ fields }) {
      const device = await deviceName();
      model = await load(fields as unknown as PageLoad, loaders);
      return { fields: { device, sinceOriginMs: performance.timeOrigin + performance.now() - origin } };
    },
    async setImage(question) {
      held = undefined;
      const { embedding, answer } = await encodePhoto(loaded(), photoIn(question));
      held = embedding;
      return answer;
    },
    async decode(question) {
      if (held === undefined) throw new Error("prompts before a photo");
      return decodePrompts(loaded(), held, question);
    },
    stages: async (question) => ({ fields: { ...(await timedStages(loaded(), boxedPhoto(question))) } }),
    async outputs(question) {
      const { encode, decode } = await stageOutputs(loaded(), boxedPhoto(question));
      outputs = [...encode, ...decode].map(({ buffer, byteOffset, byteLength }) => {
        return new Uint8Array(buffer, byteOffset, byteLength);
      });
      return { fields: { encoded: encode.length, lengths: outputs.map(({ length }) => length) } };
    },
    takeOutputs: async () => ({ frames: outputs }),
  };
}

async function load({ preset, rules, threads, graphs }: PageLoad, loaders: PageLoaders): Promise<PageModel> {
  if (!scope.crossOriginIsolated || typeof SharedArrayBuffer === "undefined")
    throw new HarnessError("this browser gives the page no SharedArrayBuffer, which threads need", {
      found: `crossOriginIsolated is ${scope.crossOriginIsolated}`,
      hint: "take a browser of 2022 or later, without settings that switch site isolation off",
    });
  prepareRuntime(threads, graphs);
  const files = Object.fromEntries(Object.keys(graphs).map((name) => [name, name]));
  const variant = await loaders[rules](files, { provider: engine, threads });
  return { variant, preset, checks: outputChecks(preset) };
}

function boxedPhoto(question: Message): BoxedPhoto {
  const boxes = question.fields.boxes as readonly (readonly [number, number, number, number])[];
  return { photo: photoIn(question), boxes: boxes.map(([x0, y0, x1, y1]): Box => ({ x0, y0, x1, y1 })) };
}
