import { formatFragment, parseFragment } from "../prompt/fragment.ts";
import type { Session } from "../session.ts";
import { sentenceOf } from "../words/figures.ts";
import type { Complain, PhotoOpener } from "./opener.ts";

/** Keeps the page's address and what it shows the same, so that the address can be passed on. */
export class Address {
  readonly #session: Session;
  readonly #opener: PhotoOpener;
  readonly #complain: Complain;
  /** The address is left alone until the photo that it names is there. */
  #isOpening = false;

  constructor(session: Session, opener: PhotoOpener, complain: Complain) {
    this.#session = session;
    this.#opener = opener;
    this.#complain = complain;
  }

  /** Opens what the address names, now and whenever a person changes it. */
  follow(): void {
    window.addEventListener("hashchange", () => void this.#open());
    void this.#open();
  }

  /** Writes what is shown into the address. A person's own photo has none. */
  draw(): void {
    const { photo, target } = this.#session.state;
    if (this.#isOpening || photo === undefined) return;
    const named = { photo: photo.id, target: target?.id, prompt: this.#session.prompt };
    const fragment = photo.id === undefined ? "" : formatFragment(named);
    if (fragment !== location.hash) history.replaceState(null, "", fragment === "" ? location.pathname : fragment);
  }

  async #open(): Promise<void> {
    this.#isOpening = true;
    try {
      const fragment = parseFragment(location.hash);
      if (fragment.photo !== undefined) await this.#opener.openNamed(fragment);
    } catch (error) {
      this.#complain(sentenceOf(error));
    } finally {
      this.#isOpening = false;
    }
  }
}
