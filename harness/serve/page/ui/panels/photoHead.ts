import { visible } from "../../../../visible.ts";
import type { ServedModel } from "../../contract.ts";
import type { Session, ShownPhoto } from "../session.ts";
import { find, setText, textElement } from "../words/elements.ts";

/** The head of the page: which models it shows, and which photo is open, with what is to be known of it. */
export class PhotoHead {
  readonly #open = find(document, "#open", HTMLButtonElement);
  readonly #name = find(document, "#photo-name", HTMLElement);
  readonly #opening = find(document, "#opening", HTMLElement);
  readonly #notes = find(document, "#photo-notes", HTMLElement);
  readonly #session: Session;
  #photo: ShownPhoto | undefined;

  constructor(session: Session, models: readonly ServedModel[]) {
    this.#session = session;
    const names = models.map(({ name }) => name).join(" beside ");
    setText(find(document, "#subtitle", HTMLElement), `Try it by hand: ${names}`);
    document.title = `sam-bench: ${names}`;
  }

  draw(): void {
    const { photo, opening } = this.#session.state;
    setText(this.#opening, opening === undefined ? "" : `Opening ${visible(opening)}.`);
    if (photo === this.#photo) return;
    this.#photo?.shown.close();
    this.#photo = photo;
    document.body.dataset.photo = photo === undefined ? "none" : "open";
    setText(this.#open, "Open another photo");
    this.#name.hidden = photo === undefined;
    this.#notes.hidden = photo === undefined || photo.notes.length === 0;
    if (photo === undefined) return;
    const { height, width } = photo.image.size;
    setText(
      this.#name,
      `${photo.id === undefined ? visible(photo.name) : `photo ${photo.id}`}, ${width} × ${height} px`,
    );
    this.#notes.replaceChildren(...photo.notes.map((note) => textElement("li", note)));
  }
}
