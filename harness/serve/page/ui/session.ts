import type { Box, Rle } from "../../../api.ts";
import type { AskedPrompt } from "../contract.ts";
import type { OpenedPhoto } from "./photo/decodePhoto.ts";
import { noPrompt, type Place } from "./prompt/edit.ts";
import { begin, type History } from "./prompt/history.ts";
import { type View, wholePhoto } from "./stage/view.ts";

/** Says what a click, a tap or a drag on the photo does. */
export type Mode = "foreground" | "background" | "box" | "target";

/** A photo on the screen. */
export interface ShownPhoto extends OpenedPhoto {
  /** Id in the data set; absent for a person's own photo. */
  readonly id?: string | undefined;
  /** Path or name by which the command line finds it. */
  readonly path: string;
}

/** An annotated instance of the photo. */
export interface PhotoTarget {
  readonly id: string;
  readonly category: string;
  readonly mask: Rle;
  readonly areaPx: number;
}

export interface SessionState {
  readonly photo?: ShownPhoto | undefined;
  /** Name of the photo that is being read; absent where none is. */
  readonly opening?: string | undefined;
  /** All canvases show this part of the photo. */
  readonly view: View;
  readonly history: History<AskedPrompt>;
  readonly mode: Mode;
  /** Pixel that the arrow keys move; absent until one is pressed. */
  readonly crosshair?: Place | undefined;
  /** Corner of a box that the keyboard has begun. */
  readonly corner?: Place | undefined;
  /** Box that is being drawn. */
  readonly draft?: Box | undefined;
  /** Targets of the photo; empty where it has none or they are not read yet. */
  readonly targets: readonly PhotoTarget[];
  readonly target?: PhotoTarget | undefined;
}

/** State before a photo is open, and of each new photo but for the photo itself. */
export const blank: SessionState = {
  photo: undefined,
  opening: undefined,
  view: wholePhoto,
  history: begin(noPrompt),
  mode: "foreground",
  crosshair: undefined,
  corner: undefined,
  draft: undefined,
  targets: [],
  target: undefined,
};

/** Holds what a person does, and tells all parts of the page when it changes: once for all changes of one moment. */
export class Session {
  #state = blank;
  #isTelling = false;
  readonly #watchers: (() => void)[] = [];

  get state(): SessionState {
    return this.#state;
  }

  get prompt(): AskedPrompt {
    return this.#state.history.present;
  }

  change(part: Partial<SessionState>): void {
    this.#state = { ...this.#state, ...part };
    this.touch();
  }

  /** Has all parts drawn anew: something beside the state has changed. */
  touch(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      for (const watcher of this.#watchers) watcher();
    });
  }

  watch(watcher: () => void): void {
    this.#watchers.push(watcher);
  }
}
