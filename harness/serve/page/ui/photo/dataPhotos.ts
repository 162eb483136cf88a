import type { PageDescription, ServedPhoto } from "../../contract.ts";
import { noPrompt } from "../prompt/edit.ts";
import type { Session } from "../session.ts";
import { copyOf, find, setText } from "../words/elements.ts";
import { countText } from "../words/figures.ts";
import type { PhotoOpener } from "./opener.ts";

/** Photos that are listed at a time: each small picture is the whole file. */
const shownAtATime = 24;

/** The list of the data set's photos, as small pictures. */
export class DataPhotos {
  readonly #details = find(document, "#data-photos", HTMLDetailsElement);
  readonly #list = find(this.#details, "ul", HTMLElement);
  readonly #more = find(this.#details, ".more", HTMLButtonElement);
  readonly #session: Session;
  readonly #opener: PhotoOpener;
  readonly #photos: PageDescription["photos"];
  #open: string | undefined;

  constructor(session: Session, opener: PhotoOpener, photos: PageDescription["photos"]) {
    this.#session = session;
    this.#opener = opener;
    this.#photos = photos;
    this.#details.hidden = photos.length === 0;
    setText(find(this.#details, "summary", HTMLElement), `${countText(photos.length, "photo")} of the data set`);
    this.#more.addEventListener("click", () => this.#extend());
    this.#list.addEventListener("keydown", (event) => this.#move(event));
    this.#extend();
  }

  /** Marks the photo that is open, and folds the list when one is opened. */
  draw(): void {
    const id = this.#session.state.photo?.id;
    if (id === this.#open) return;
    this.#open = id;
    if (id !== undefined) this.#details.open = false;
    for (const button of this.#buttons()) button.setAttribute("aria-pressed", String(button.dataset.id === id));
  }

  #extend(): void {
    const listed = this.#list.children.length;
    this.#list.append(...this.#photos.slice(listed, listed + shownAtATime).map((photo) => this.#thumbnail(photo)));
    const left = this.#photos.length - this.#list.children.length;
    this.#more.hidden = left === 0;
    setText(this.#more, `show ${Math.min(left, shownAtATime)} more of ${left}`);
  }

  #thumbnail({ id, size, address }: ServedPhoto): HTMLElement {
    const item = copyOf("thumbnail", HTMLElement);
    const button = find(item, "button", HTMLButtonElement);
    button.dataset.id = id;
    button.setAttribute("aria-pressed", "false");
    const picture = find(item, "img", HTMLImageElement);
    picture.width = size.width;
    picture.height = size.height;
    picture.src = address;
    setText(find(item, "span", HTMLElement), `photo ${id}`);
    button.addEventListener("click", () => void this.#opener.openNamed({ photo: id, prompt: noPrompt }));
    return item;
  }

  /** Arrow keys go from one photo to the next. */
  #move(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    const buttons = this.#buttons();
    const next = buttons[buttons.indexOf(document.activeElement as HTMLButtonElement) + step];
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  }

  #buttons(): readonly HTMLButtonElement[] {
    return [...this.#list.querySelectorAll("button")];
  }
}
