import type { Place } from "../prompt/edit.ts";
import type { Session } from "../session.ts";
import { hasMoved, middleOf, placeOn, shareOf } from "./places.ts";
import { heldView, isSameView, placeUnder } from "./view.ts";

/** Lets fingers zoom and move the photo on a canvas, two of them always and one where it is zoomed, and the middle button move it. */
export function listenToFingers(canvas: HTMLCanvasElement, session: Session): void {
  const fingers = new Fingers(canvas, session);
  canvas.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch" && event.button !== 1) return;
    canvas.setPointerCapture(event.pointerId);
    fingers.put(event);
  });
  canvas.addEventListener("pointermove", (event) => fingers.move(event));
  canvas.addEventListener("pointerup", (event) => fingers.lift(event));
  canvas.addEventListener("pointercancel", (event) => fingers.lift(event));
  const touched = (event: TouchEvent) => {
    // Else the browser zooms the page.
    if (event.touches.length > 1) event.preventDefault();
  };
  for (const name of ["touchstart", "touchmove"] as const) canvas.addEventListener(name, touched, { passive: false });
  // Else the browser scrolls by the middle button, and on Linux pastes by it.
  for (const name of ["mousedown", "mouseup", "auxclick"] as const)
    canvas.addEventListener(name, (event) => {
      if (event.button === 1) event.preventDefault();
    });
}

/** The photo as fingers took hold of it. */
interface Hold {
  /** Place of the photo under their middle. */
  readonly at: Place;
  /** Says where their middle is, px of the screen from the canvas's corner. */
  readonly from: Place;
  /** Says how far two fingers are apart, px of the screen; 1 for one. */
  readonly spread: number;
  readonly zoom: number;
  /** One finger that has hardly moved is a tap. */
  moves: boolean;
}

/** The fingers on one canvas. They take hold anew whenever one is put down or lifted. */
class Fingers {
  readonly #canvas: HTMLCanvasElement;
  readonly #session: Session;
  readonly #places = new Map<number, Place>();
  #hold: Hold | undefined;

  constructor(canvas: HTMLCanvasElement, session: Session) {
    this.#canvas = canvas;
    this.#session = session;
  }

  put(event: PointerEvent): void {
    this.#places.set(event.pointerId, placeOn(this.#canvas, event));
    this.#takeHold();
  }

  lift({ pointerId }: PointerEvent): void {
    if (this.#places.delete(pointerId)) this.#takeHold();
  }

  move(event: PointerEvent): void {
    if (!this.#places.has(event.pointerId)) return;
    this.#places.set(event.pointerId, placeOn(this.#canvas, event));
    const { photo, view, mode } = this.#session.state;
    const hold = this.#hold;
    const draws = mode === "box" && event.pointerType === "touch" && this.#places.size === 1;
    if (photo === undefined || hold === undefined || draws) return;
    const to = middleOf([...this.#places.values()]);
    hold.moves ||= hasMoved(hold.from, to);
    if (!hold.moves) return;
    const zoom = (hold.zoom * this.#spread()) / hold.spread;
    const next = heldView(photo.image.size, { at: hold.at, under: shareOf(this.#canvas, to) }, zoom);
    if (!isSameView(next, view)) this.#session.change({ view: next });
  }

  #takeHold(): void {
    const { photo, view } = this.#session.state;
    this.#hold = undefined;
    if (photo === undefined || this.#places.size === 0) return;
    const from = middleOf([...this.#places.values()]);
    this.#hold = {
      at: placeUnder(view, photo.image.size, shareOf(this.#canvas, from)),
      from,
      spread: this.#spread(),
      zoom: view.zoom,
      moves: this.#places.size > 1,
    };
  }

  #spread(): number {
    const [first, second] = this.#places.values();
    return first === undefined || second === undefined ? 1 : Math.hypot(first.x - second.x, first.y - second.y);
  }
}
