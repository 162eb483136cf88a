import type {
  DecodeRequest,
  Geometry,
  PhotoAnswer,
  PhotoOutput,
  PhotoPrediction,
  PhotoTimes,
  PhotoVariant,
  Prompt,
  RgbImage,
  Size,
  TokenSet,
} from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { encodeRle } from "../../mask/index.ts";
import { type Clock, systemClock } from "../../measure/clock.ts";
import type { ExternalSupport } from "../../process/external/hello.ts";
import type { ExternalLink } from "../../process/external/link.ts";
import type { Message } from "../../process/external/messages.ts";
import { geometryIn, numbersIn, timesIn, wrong } from "./answerChecks.ts";

/** A photo variant that another process computes, and how long the harness waited for it. */
export interface TimedPhotoVariant extends PhotoVariant {
  /** Time of all questions so far and the process's own times in them, in ms; the transfer takes the difference. */
  readonly waited: { readonly wallMs: number; readonly ownMs: number };
}

export interface PhotoVariantOptions {
  readonly variant: string;
  readonly supports: ExternalSupport;
  readonly clock?: Clock;
}

/** Asks a process that has loaded its model. Each answer is checked; what is wrong throws HarnessError, and the process goes on. */
export function photoVariant(
  link: Pick<ExternalLink, "ask" | "close">,
  { variant, supports, clock = systemClock }: PhotoVariantOptions,
): TimedPhotoVariant {
  let image: Size | undefined;
  let geometry: Geometry | undefined;
  let wallMs = 0;
  let ownMs = 0;
  /** Asks, and takes the times out of the answer: more than was waited can not be true. */
  async function timedAnswer<Name extends string>(
    names: readonly Name[],
    question: Parameters<ExternalLink["ask"]>[0],
  ) {
    const start = clock.nowMs();
    const message = await link.ask(question);
    const waitedMs = clock.nowMs() - start;
    const times = timesIn(`${variant}: ${question.call}`, message.fields, names, waitedMs);
    wallMs += waitedMs;
    ownMs += names.reduce((sum, name) => sum + times[name], 0);
    return { message, times };
  }
  return {
    get waited() {
      return { wallMs, ownMs };
    },
    async setImage(photo: RgbImage): Promise<PhotoTimes> {
      image = undefined;
      const { height, width } = photo.size;
      const { message, times } = await timedAnswer(["prepareMs", "encodeMs"], {
        call: "setImage",
        fields: { height, width },
        frames: [photo.pixels],
      });
      if (supports.answers === "logits")
        geometry = geometryIn(`${variant}: setImage`, message.fields.geometry, photo.size);
      image = photo.size;
      return times;
    },
    async decode(prompts, request): Promise<PhotoAnswer> {
      if (image === undefined) throw new Error(`${variant}: prompts before a photo`);
      const tokens = tokensOf(variant, supports, request.set);
      const layout: Layout = { variant, supports, tokens, image, geometry, request };
      const { message, times } = await timedAnswer(["decodeMs", "postprocessMs"], {
        call: "decode",
        ...questionOf(prompts, request),
        expects: prompts.map(() => frameBytes(layout)),
      });
      return { predictions: predictionsIn(message, prompts.length, layout), ...times };
    },
    close: () => link.close(),
  };
}

interface Layout {
  readonly variant: string;
  readonly supports: ExternalSupport;
  readonly tokens: readonly number[];
  readonly image: Size;
  readonly geometry: Geometry | undefined;
  readonly request: DecodeRequest;
}

function tokensOf(variant: string, { tokens }: ExternalSupport, set: TokenSet): readonly number[] {
  const found = tokens[set];
  if (found === undefined) throw new Error(`${variant}: it has no set ${set}`);
  return found;
}

function frameBytes({ supports: { answers, logitsSide = 0 }, tokens, image }: Layout): number {
  return tokens.length * (answers === "masks" ? image.height * image.width : 4 * logitsSide ** 2);
}

/** Fields and frames of a decode: each prompt's low-res logits are a frame, whose number the prompt names. */
function questionOf(prompts: readonly Prompt<"image">[], { set, stabilityOffset }: DecodeRequest) {
  const frames: Uint8Array[] = [];
  const described = prompts.map(({ points, box, mask }) => {
    if (mask !== undefined) frames.push(bytesOf(mask.data));
    return {
      points: points.map(({ x, y, label }) => [x, y, label]),
      box: box === undefined ? null : [box.x0, box.y0, box.x1, box.y1],
      mask: mask === undefined ? null : frames.length - 1,
    };
  });
  return { fields: { set, prompts: described, stabilityOffset: stabilityOffset ?? null }, frames };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function predictionsIn({ fields, frames }: Message, prompts: number, layout: Layout): readonly PhotoPrediction[] {
  const { variant, tokens, request, supports } = layout;
  const place = `${variant}: decode`;
  if (JSON.stringify(fields.tokens) !== JSON.stringify(tokens))
    throw wrong(place, "other tokens than it said it has", fields.tokens, tokens);
  const given = fields.predictions;
  if (!Array.isArray(given) || given.length !== prompts)
    throw wrong(place, "not one prediction a prompt", Array.isArray(given) ? given.length : typeof given, prompts);
  const tells = supports.answers === "masks" && supports.stability === true && request.stabilityOffset !== undefined;
  return given.map((each: unknown, i): PhotoPrediction => {
    const { predictedIou, stability } = (each ?? {}) as Readonly<Record<string, unknown>>;
    const at = `${place}: prompt ${i + 1}`;
    return {
      tokens,
      predictedIou: numbersIn(`${at}: predictedIou`, predictedIou, tokens.length),
      output: outputOf(`${at}: low-res logits`, frames[i]!, layout),
      stability: tells ? numbersIn(`${at}: stability`, stability, tokens.length) : undefined,
    };
  });
}

function outputOf(place: string, frame: Uint8Array, { supports, tokens, image, geometry }: Layout): PhotoOutput {
  if (supports.answers === "masks") {
    const pixels = image.height * image.width;
    const masks = tokens.map((_, i) => encodeRle(frame.subarray(i * pixels, (i + 1) * pixels), image));
    return { kind: "masks", masks };
  }
  const side = supports.logitsSide!;
  const data = new Float32Array(frame.buffer, frame.byteOffset, frame.byteLength / 4);
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw new HarnessError(`${place}: not a finite number`, { found: `${data[at]} at ${at}` });
  return { kind: "logits", lowResLogits: { dims: [tokens.length, side, side], data }, geometry: geometry! };
}
