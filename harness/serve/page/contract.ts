import type { Box, Point, RgbImage, Size } from "../../api.ts";
import type { PromptAnswer, TokenMask } from "../../worker/clicked/answer.ts";

/** Says what the page is told when it opens: `page.json` beside its script. The server and the writer of static files make it. */
export interface PageDescription {
  /** One model, or two that are shown side by side. */
  readonly models: readonly ServedModel[];
  /** Photos of the data set; empty where none is given. */
  readonly photos: readonly ServedPhoto[];
  /** Words of `bench run` that name the data set, as `--dataset coco --data …`; absent where none is given. */
  readonly dataWords?: string | undefined;
}

export interface ServedModel {
  /** Name that rows have for it, such as `sam-nano:mine`. */
  readonly name: string;
  readonly title: string;
  /** Says where it computes: in the browser, or in the harness's worker over a WebSocket. */
  readonly place: "page" | "harness";
  /** Names the execution provider that a person asked for; absent where the model decided. */
  readonly provider?: string | undefined;
  /** Says why it does not compute in the page. */
  readonly reason?: string | undefined;
  /** Bytes that the page loads before the first mask, graphs and runtime; 0 for a model of the harness. */
  readonly downloadBytes: number;
  /** File of the weights, or that they are seeded and no trained model. */
  readonly weights: { readonly source: string; readonly sha256?: string | undefined; readonly seeded: boolean };
  /** Licence of the weights, with its address where it is known. */
  readonly licence?: { readonly name: string; readonly url?: string | undefined } | undefined;
  readonly takes: { readonly points: boolean; readonly box: boolean; readonly maxPoints?: number | undefined };
  /** Words of `bench run` that name the model and its weights: `--variants sam-nano --weights nano`. */
  readonly runWords: string;
}

export interface ServedPhoto {
  readonly id: string;
  readonly size: Size;
  /** Address of its bytes, relative to the page. */
  readonly address: string;
  /** Path or name by which `bench predict` finds it; absent where the page stands on another machine. */
  readonly file?: string | undefined;
  /** Address of its targets, relative to the page: `ServedTarget[]` as JSON. */
  readonly targets: string;
}

export interface ServedTarget {
  readonly id: string;
  readonly category?: string | undefined;
  readonly box: Box;
  /** COCO's compressed string of run lengths (mask/rleString.ts). */
  readonly counts: string;
}

/** A prompt in image pixels; each answer is to the whole prompt, as in `bench run` by clicks without a mask input. */
export interface AskedPrompt {
  readonly points: readonly Point[];
  readonly box?: Box | undefined;
}

/** One mask token of an answer. */
export type AnsweredToken = TokenMask;

/** Answer of a model to a prompt: as the harness and a page's worker give it, by the same code. */
export type ModelAnswer = PromptAnswer;

export interface EncodedTimes {
  readonly prepareMs: number;
  readonly encodeMs: number;
}

export interface LoadedTimes {
  /** Time from the start of loading until the model was ready, ms. */
  readonly loadMs: number;
  readonly threads: number;
  /** Device that WebGPU computes on, as the browser calls it. */
  readonly device?: string | undefined;
  /** Says that the page is not isolated and computes with one thread. */
  readonly note?: string | undefined;
}

/** Says how far the files of a model have come. */
export interface Loading {
  readonly bytes: number;
  readonly total: number;
  /** Graph whose bytes have all come, so that it is compiled; absent while others are on their way. */
  readonly compiling?: string | undefined;
}

/** A model that answers a person's prompts, wherever it computes. One question at a time; a later `encode` replaces the photo. */
export interface ClickedModel {
  /** Loads it; `progress` is told how far that has come. Rejects with an error whose message a person can read. */
  load(progress: (loading: Loading) => void): Promise<LoadedTimes>;
  encode(photo: RgbImage): Promise<EncodedTimes>;
  decode(prompt: AskedPrompt): Promise<ModelAnswer>;
  /** Ends the worker or the connection. */
  close(): void;
}

/** Opens a model that the page's description names. `page/models/open.ts` has the real one, tests give another. */
export type OpenModel = (model: ServedModel) => ClickedModel;
