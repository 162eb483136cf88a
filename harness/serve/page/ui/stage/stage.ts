import type { Rle } from "../../../../api.ts";
import type { Actions } from "../actions.ts";
import { boxBetween, type Place } from "../prompt/edit.ts";
import type { Session } from "../session.ts";
import { drawStage, fitCanvas } from "./canvas.ts";
import { listenToFingers } from "./fingers.ts";
import { photoAction } from "./keys.ts";
import { LayerCache } from "./layerCache.ts";
import { type MaskLook, rgbOf } from "./layers.ts";
import { pointRadius } from "./marks.ts";
import { shareOf } from "./places.ts";
import { listenToPointer } from "./pointer.ts";
import { placeUnder } from "./view.ts";
import { listenToWheel } from "./wheel.ts";

/** A mask's outline is so wide, px of the screen. */
const linePx = 2.5;

/** Holds what a stage's hands lead to. */
export interface StageHands {
  readonly session: Session;
  readonly actions: Actions;
  /** Says a sentence to a screen reader. */
  readonly say: (sentence: string) => void;
}

/** A photo with one model's mask, on which a person clicks, draws, zooms and presses keys. */
export class Stage {
  readonly #canvas: HTMLCanvasElement;
  readonly #hands: StageHands;
  readonly #layers = new LayerCache();

  constructor(canvas: HTMLCanvasElement, hands: StageHands) {
    this.#canvas = canvas;
    this.#hands = hands;
    this.#listen();
    new ResizeObserver(() => hands.session.touch()).observe(canvas);
    for (const name of ["focus", "blur"]) canvas.addEventListener(name, () => hands.session.touch());
  }

  /** Draws the photo, the mask in the canvas's colour, the target's outline and the prompt. */
  draw(mask: Rle | undefined): void {
    const { photo, view, target, draft, crosshair, mode } = this.#hands.session.state;
    const canvas = this.#canvas;
    canvas.hidden = photo === undefined;
    if (photo === undefined) return;
    canvas.classList.toggle("draws", mode === "box");
    const projection = fitCanvas(canvas, photo.image.size, view);
    const layers: OffscreenCanvas[] = [];
    const add = (use: string, mask: Rle, look: Pick<MaskLook, "fill" | "line" | "halo">) =>
      layers.push(this.#layers.layer(use, mask, { projection, look: { ...this.#look(), ...look } }));
    if (mask !== undefined) add("mask", mask, { fill: "plain", line: "plain", halo: "light" });
    if (target !== undefined) add("target", target.mask, { fill: "none", line: "dashed", halo: "none" });
    drawStage(canvas, photo, {
      projection,
      layers,
      prompt: this.#hands.session.prompt,
      draft,
      crosshair: document.activeElement === canvas ? crosshair : undefined,
      photo: "coloured",
    });
  }

  #look(): Pick<MaskLook, "colour" | "linePx"> {
    const colour = rgbOf(getComputedStyle(this.#canvas).color);
    return { colour, linePx: linePx * window.devicePixelRatio };
  }

  #listen(): void {
    const { session, actions, say } = this.#hands;
    listenToWheel(this.#canvas, session);
    listenToFingers(this.#canvas, session);
    listenToPointer(this.#canvas, {
      clicked: (place, label) => say(actions.click(this.#inPhoto(place), label, pointRadius * this.#photoPx())),
      dragging: (from, to) => this.#sketch(from, to),
      dragged: (from, to) => say(actions.drawBox(this.#inPhoto(from), this.#inPhoto(to))),
      cancelled: () => session.change({ draft: undefined }),
      fingersDraw: () => session.state.mode === "box",
    });
    this.#canvas.addEventListener("keydown", (event) => {
      const action = photoAction(event);
      if (action === undefined || session.state.photo === undefined) return;
      event.preventDefault();
      // The page listens for undo as well.
      event.stopPropagation();
      say(actions.press(action, Math.max(1, Math.round(this.#photoPx()))));
    });
  }

  #sketch(from: Place, to: Place): void {
    const { photo } = this.#hands.session.state;
    if (photo === undefined) return;
    this.#hands.session.change({ draft: boxBetween(this.#inPhoto(from), this.#inPhoto(to), photo.image.size) });
  }

  /** Returns the pixels of the photo for one of the screen. */
  #photoPx(): number {
    const { photo, view } = this.#hands.session.state;
    return photo === undefined ? 1 : photo.image.size.width / (this.#canvas.clientWidth * view.zoom);
  }

  /** Returns the place of the photo that is shown at a place of the canvas, px of the screen. */
  #inPhoto(place: Place): Place {
    const { photo, view } = this.#hands.session.state;
    return photo === undefined ? place : placeUnder(view, photo.image.size, shareOf(this.#canvas, place));
  }
}
