import type { PointLabel } from "../../../../api.ts";
import type { Place } from "../prompt/edit.ts";
import { hasMoved, placeOn } from "./places.ts";

/** Says what a hand does on a photo; places are in px of the screen from the canvas's corner. */
export interface PointerHandlers {
  clicked(place: Place, label: PointLabel | "by mode"): void;
  /** The pointer is held and moves: a box is being drawn. */
  dragging(from: Place, to: Place): void;
  dragged(from: Place, to: Place): void;
  /** The gesture is another: the browser scrolls, or a second finger zooms. */
  cancelled(): void;
  /** Tells whether a finger draws boxes; else it scrolls the page or moves the photo, and taps. */
  fingersDraw(): boolean;
}

interface Held {
  readonly id: number;
  readonly from: Place;
  readonly label: PointLabel | "by mode";
  /** A drag stays one, also where it comes back. */
  moved: boolean;
}

/** Calls a handler for what mouse, pen and fingers do on a canvas. */
export function listenToPointer(canvas: HTMLCanvasElement, handlers: PointerHandlers): void {
  let held: Held | undefined;
  const cancel = () => {
    held = undefined;
    handlers.cancelled();
  };
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary) return cancel();
    if (event.button > 2 || event.button === 1) return;
    canvas.setPointerCapture(event.pointerId);
    held = { id: event.pointerId, from: placeOn(canvas, event), label: labelOf(event), moved: false };
  });
  canvas.addEventListener("pointermove", (event) => {
    if (held?.id !== event.pointerId) return;
    const to = placeOn(canvas, event);
    held.moved ||= hasMoved(held.from, to);
    if (held.moved && (event.pointerType !== "touch" || handlers.fingersDraw())) handlers.dragging(held.from, to);
  });
  canvas.addEventListener("pointerup", (event) => {
    if (held?.id !== event.pointerId) return;
    const { from, label, moved } = held;
    held = undefined;
    if (!moved) handlers.clicked(from, label);
    else if (event.pointerType !== "touch" || handlers.fingersDraw()) handlers.dragged(from, placeOn(canvas, event));
  });
  canvas.addEventListener("pointercancel", cancel);
}

function labelOf({ button, altKey, shiftKey }: PointerEvent): Held["label"] {
  return button === 2 || altKey || shiftKey ? 0 : "by mode";
}
