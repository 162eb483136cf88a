import type { ServedModel } from "../../contract.ts";
import type { Actions } from "../actions.ts";
import { isEmpty } from "../prompt/edit.ts";
import type { Mode, Session } from "../session.ts";
import { pageAction } from "../stage/keys.ts";
import type { StageHands } from "../stage/stage.ts";
import { find } from "../words/elements.ts";

/** The buttons above the photo: what a click does, undo, redo, clear. */
export class Tools {
  readonly #section = find(document, "#tools", HTMLElement);
  readonly #undo = find(document, "#undo", HTMLButtonElement);
  readonly #redo = find(document, "#redo", HTMLButtonElement);
  readonly #clear = find(document, "#clear", HTMLButtonElement);
  readonly #session: Session;

  constructor({ session, actions, say }: StageHands, models: readonly ServedModel[]) {
    this.#session = session;
    find(this.#section, ".box-mode", HTMLElement).hidden = !models.some(({ takes }) => takes.box);
    for (const input of this.#modes())
      input.addEventListener("change", () => session.change({ mode: input.value as Mode, draft: undefined }));
    const press = (kind: "undo" | "redo") => say(actions.press({ kind }, 1));
    this.#undo.addEventListener("click", () => press("undo"));
    this.#redo.addEventListener("click", () => press("redo"));
    this.#clear.addEventListener("click", () => say(actions.clear()));
    document.addEventListener("keydown", (event) => pressed(event, actions, say));
  }

  draw(): void {
    const { photo, history, mode, targets } = this.#session.state;
    this.#section.hidden = photo === undefined;
    find(this.#section, ".target-mode", HTMLElement).hidden = targets.length === 0;
    for (const input of this.#modes()) input.checked = input.value === mode;
    this.#undo.disabled = history.past.length === 0;
    this.#redo.disabled = history.future.length === 0;
    this.#clear.disabled = isEmpty(history.present);
  }

  #modes(): readonly HTMLInputElement[] {
    return [...this.#section.querySelectorAll<HTMLInputElement>("input[name=mode]")];
  }
}

/** Undoes, redoes and zooms wherever the focus is, but not in a field that takes letters itself. */
function pressed(event: KeyboardEvent, actions: Actions, say: StageHands["say"]): void {
  const action = pageAction(event);
  if (action === undefined || event.target instanceof HTMLSelectElement) return;
  event.preventDefault();
  say(actions.press(action, 1));
}
