import type { RgbImage } from "../../../../api.ts";
import type {
  AskedPrompt,
  ClickedModel,
  EncodedTimes,
  LoadedTimes,
  Loading,
  ModelAnswer,
  OpenModel,
  ServedModel,
} from "../../contract.ts";
import { isEmpty } from "../prompt/edit.ts";
import { countText, sentenceOf } from "../words/figures.ts";
import type { Turns } from "./turns.ts";

/** Says what a model is doing. */
export type SeatState =
  | ({ readonly kind: "loading" } & Loading)
  | { readonly kind: "encoding" | "decoding" | "idle" }
  | { readonly kind: "failed"; readonly sentence: string };

export interface SeatOptions {
  readonly open: OpenModel;
  readonly turns: Turns;
  /** Is told whenever something of the seat is another. */
  readonly changed: () => void;
}

/** Holds what a seat is to answer: the present prompt and those that led to it, the present one first. */
export interface Wanted {
  readonly photo: RgbImage | undefined;
  readonly prompts: readonly AskedPrompt[];
}

/**
 * One model of the page: it loads it, has it encode the photo, and asks the prompts that have no answer yet, the present one first.
 * Answers are kept as long as the photo is open, so that what is taken back is shown at once.
 */
export class ModelSeat {
  readonly model: ServedModel;
  readonly #options: SeatOptions;
  #clicked: ClickedModel | undefined;
  #state: SeatState;
  #loaded: LoadedTimes | undefined;
  #encoded: { readonly photo: RgbImage; readonly times: EncodedTimes } | undefined;
  #wanted: Wanted = { photo: undefined, prompts: [] };
  #answers = new WeakMap<AskedPrompt, ModelAnswer>();
  #isWorking = false;

  constructor(model: ServedModel, options: SeatOptions) {
    this.model = model;
    this.#options = options;
    this.#state = { kind: "loading", bytes: 0, total: model.downloadBytes };
  }

  get state(): SeatState {
    return this.#state;
  }

  get loaded(): LoadedTimes | undefined {
    return this.#loaded;
  }

  /** Times of the photo that is wanted; absent until it is encoded. */
  get encoded(): EncodedTimes | undefined {
    return this.#encoded?.photo === this.#wanted.photo ? this.#encoded?.times : undefined;
  }

  answerTo(prompt: AskedPrompt): ModelAnswer | undefined {
    return this.#answers.get(prompt);
  }

  /** Says why the model is not asked a prompt; nothing where it is. */
  misfit({ points, box }: AskedPrompt): string | undefined {
    const { takes } = this.model;
    if (box !== undefined && !takes.box) return "This model takes no box: it is asked once the box is taken back.";
    if (points.length > 0 && !takes.points) return "This model takes no points: it is asked once they are taken back.";
    if (points.length > (takes.maxPoints ?? Number.POSITIVE_INFINITY))
      return `This model takes ${countText(takes.maxPoints!, "point")} at most.`;
    return undefined;
  }

  want(wanted: Wanted): void {
    if (wanted.photo !== this.#wanted.photo) this.#answers = new WeakMap();
    this.#wanted = wanted;
    void this.#work();
  }

  /** Opens a model that has failed once more. */
  again(): void {
    if (this.#state.kind !== "failed") return;
    this.#loaded = undefined;
    this.#encoded = undefined;
    this.#state = { kind: "loading", bytes: 0, total: this.model.downloadBytes };
    void this.#work();
  }

  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    try {
      for (let step = this.#nextStep(); step !== undefined; step = this.#nextStep()) await step();
      // Who is told of a change wants the same again, and that must come to an end.
      if (this.#state.kind !== "failed" && this.#state.kind !== "idle") this.#enter({ kind: "idle" });
    } catch (error) {
      this.#clicked?.close();
      this.#clicked = undefined;
      this.#enter({ kind: "failed", sentence: sentenceOf(error) });
    } finally {
      this.#isWorking = false;
    }
  }

  #nextStep(): (() => Promise<void>) | undefined {
    const { photo, prompts } = this.#wanted;
    if (this.#state.kind === "failed") return undefined;
    if (this.#loaded === undefined) return () => this.#load();
    if (photo === undefined) return undefined;
    if (this.#encoded?.photo !== photo) return () => this.#encode(photo);
    const open = prompts.find((prompt) => this.#isOpen(prompt));
    return open === undefined ? undefined : () => this.#decode(open);
  }

  #isOpen(prompt: AskedPrompt): boolean {
    return !isEmpty(prompt) && !this.#answers.has(prompt) && this.misfit(prompt) === undefined;
  }

  async #load(): Promise<void> {
    this.#clicked = this.#options.open(this.model);
    this.#loaded = await this.#clicked.load((loading) => this.#enter({ kind: "loading", ...loading }));
  }

  async #encode(photo: RgbImage): Promise<void> {
    this.#enter({ kind: "encoding" });
    const times = await this.#options.turns.take(this.#threads(), () => this.#clicked!.encode(photo));
    this.#encoded = { photo, times };
  }

  /** Drops the answer where another photo was opened meanwhile. */
  async #decode(prompt: AskedPrompt): Promise<void> {
    const answers = this.#answers;
    this.#enter({ kind: "decoding" });
    answers.set(prompt, await this.#options.turns.take(this.#threads(), () => this.#clicked!.decode(prompt)));
  }

  /** Returns the threads that the model computes with. A device for WebGPU is one for all models: they take turns on it. */
  #threads(): number {
    const { threads, device } = this.#loaded!;
    return device === undefined ? threads : Number.POSITIVE_INFINITY;
  }

  #enter(state: SeatState): void {
    this.#state = state;
    this.#options.changed();
  }
}
