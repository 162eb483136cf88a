import type { Session } from "../session.ts";
import type { KeyAction } from "../stage/keys.ts";
import type { StageHands } from "../stage/stage.ts";
import { find, setText } from "../words/elements.ts";

type Zoom = Extract<KeyAction, { readonly kind: "zoom" }>["to"];

/** The buttons that zoom all photos of the page; the one between them shows the whole photo, and says how much it is zoomed. */
export class ZoomButtons {
  readonly #whole = find(document, "#zoom-whole", HTMLButtonElement);
  readonly #session: Session;

  constructor({ session, actions, say }: StageHands) {
    this.#session = session;
    const press = (to: Zoom) => say(actions.press({ kind: "zoom", to }, 1));
    find(document, "#zoom-out", HTMLButtonElement).addEventListener("click", () => press("further"));
    find(document, "#zoom-in", HTMLButtonElement).addEventListener("click", () => press("nearer"));
    this.#whole.addEventListener("click", () => press("whole"));
  }

  draw(): void {
    const text = `${this.#session.state.view.zoom.toFixed(1)}×`;
    setText(this.#whole, text);
    this.#whole.setAttribute("aria-label", `${text}, show the whole photo`);
  }
}
