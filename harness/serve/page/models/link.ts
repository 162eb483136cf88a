import type { DecoderRules, RgbImage, VariantManifest } from "../../../api.ts";
import type { PageGraph } from "../../../worker/web/page/session.ts";
import type { AskedPrompt, EncodedTimes, LoadedTimes, ModelAnswer } from "../contract.ts";

/** Questions to whatever computes for a model, by their names, with their answers. */
export interface ModelCalls {
  load: { readonly request: { readonly model: string }; readonly reply: LoadedFacts };
  encode: { readonly request: RgbImage; readonly reply: EncodedTimes };
  decode: { readonly request: AskedPrompt; readonly reply: ModelAnswer };
}

export type LoadedFacts = Omit<LoadedTimes, "loadMs">;

/** Names what the worker of a page loads for a model: `models.json` beside its script has it by the model's name. */
export interface LoadedModel {
  readonly preset: VariantManifest;
  readonly rules: DecoderRules;
  readonly graphs: Readonly<Record<string, PageGraph>>;
  /** Bytes of each graph with the tensors beside it; the page loads one graph after the other. */
  readonly bytes: Readonly<Record<string, number>>;
  /** Says how many threads the runtime has; all of the browser's processor if left out. */
  readonly threads?: number | undefined;
}

/** A way to what computes: a worker of the page, or the harness over a WebSocket. It takes one question at a time. */
export interface ModelLink {
  /** Rejects with an error whose message a person can read. */
  ask<Name extends keyof ModelCalls>(
    call: Name,
    request: ModelCalls[Name]["request"],
  ): Promise<ModelCalls[Name]["reply"]>;
  close(): void;
}

/** The question that is waited for, and how its answer is told. */
export class Waiting {
  #waiting: { resolve(value: unknown): void; reject(error: Error): void } | undefined;
  /** Reason why no question is answered any more. */
  #ended: Error | undefined;

  /** Returns the answer to the question that `send` sends. */
  next<T>(send: () => void): Promise<T> {
    if (this.#waiting !== undefined) return Promise.reject(new Error("a question before the answer to the last one"));
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise<T>((resolve, reject) => {
      this.#waiting = { resolve: resolve as (value: unknown) => void, reject };
      send();
    });
  }

  answer(value: unknown): void {
    const waiting = this.#taken();
    waiting?.resolve(value);
  }

  refuse(error: Error): void {
    const waiting = this.#taken();
    waiting?.reject(error);
  }

  /** Refuses the question that is waited for, and all that come. */
  end(error: Error): void {
    this.#ended ??= error;
    this.refuse(this.#ended);
  }

  #taken() {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }
}
