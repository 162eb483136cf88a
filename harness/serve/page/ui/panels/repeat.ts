import type { ModelPanel } from "../model/panel.ts";
import { storedPrompt } from "../photo/orientation.ts";
import { predictCommand } from "../prompt/command.ts";
import { isEmpty } from "../prompt/edit.ts";
import type { Session } from "../session.ts";
import { copyOf, find, setText } from "../words/elements.ts";

const turnedText =
  "This photo is shown as its EXIF says to turn it, and the command reads it as it is stored: points and box are turned back, yet the model sees the photo lying on its side or mirrored, and its masks may differ.";

/** The part of the page that shows the command lines which give the same prompt to the same models. */
export class RepeatPanel {
  readonly #section = find(document, "#repeat", HTMLElement);
  readonly #session: Session;
  readonly #panels: readonly ModelPanel[];
  readonly #commands: readonly HTMLElement[];

  constructor(session: Session, panels: readonly ModelPanel[]) {
    this.#session = session;
    this.#panels = panels;
    this.#commands = panels.map(({ seat }) => commandElement(seat.model.name));
    find(this.#section, ".commands", HTMLElement).append(...this.#commands);
  }

  draw(): void {
    const { photo } = this.#session.state;
    const { prompt } = this.#session;
    this.#section.hidden = photo === undefined || isEmpty(prompt);
    if (photo === undefined || isEmpty(prompt)) return;
    const turned = find(this.#section, ".turned", HTMLElement);
    turned.hidden = photo.orientation === 1;
    setText(turned, photo.orientation === 1 ? "" : turnedText);
    const stored = storedPrompt(prompt, photo.orientation, photo.image.size);
    for (const [i, { seat }] of this.#panels.entries()) {
      const { runWords } = seat.model;
      const command = predictCommand({ runWords, photo: photo.path, prompt: stored });
      setText(find(this.#commands[i]!, "code", HTMLElement), command);
    }
  }
}

function commandElement(name: string): HTMLElement {
  const element = copyOf("command", HTMLElement);
  const button = find(element, "button", HTMLButtonElement);
  button.setAttribute("aria-label", `copy the command for ${name}`);
  button.addEventListener("click", () => void copyText(button, find(element, "code", HTMLElement)));
  return element;
}

async function copyText(button: HTMLButtonElement, code: HTMLElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(code.textContent ?? "");
    setText(button, "copied");
  } catch {
    // Pages without https may not use the clipboard: the text is selected for the reader to copy.
    getSelection()?.selectAllChildren(code);
    setText(button, "selected");
  }
}
