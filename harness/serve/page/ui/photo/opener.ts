import { HarnessError } from "../../../../errors.ts";
import { limits } from "../../../../limits.ts";
import type { PageDescription, ServedPhoto } from "../../contract.ts";
import { isInside } from "../prompt/edit.ts";
import type { Fragment } from "../prompt/fragment.ts";
import { begin } from "../prompt/history.ts";
import { blank, type Session } from "../session.ts";
import { targetsIn } from "../truth/targets.ts";
import { sentenceOf } from "../words/figures.ts";
import { decodePhoto } from "./decodePhoto.ts";

/** Tells the person what went wrong; an empty sentence takes the last one away. */
export type Complain = (sentence: string) => void;

/** Opens photos: of the data set, and a person's own. The photo that was asked for last is shown, however long each takes. */
export class PhotoOpener {
  readonly #session: Session;
  readonly #photos: PageDescription["photos"];
  readonly #complain: Complain;
  #asked = 0;

  constructor(session: Session, photos: PageDescription["photos"], complain: Complain) {
    this.#session = session;
    this.#photos = photos;
    this.#complain = complain;
  }

  /** Opens a file of the person's own, upright. */
  openFile(file: File): Promise<void> {
    return this.#open(file.name, async (isLast) => {
      if (file.size > limits.imagePixels * 4)
        throw new HarnessError(`${file.name}: the file is too large for a photo`, { found: `${file.size} bytes` });
      const bytes = new Uint8Array(await file.arrayBuffer());
      const photo = await decodePhoto({ name: file.name, bytes }, "upright");
      if (isLast()) this.#session.change({ ...blank, photo: { ...photo, path: file.name } });
    });
  }

  /** Opens a photo of the data set with the target and the prompt that an address names. */
  openNamed({ photo: id, target, prompt }: Fragment): Promise<void> {
    return this.#open(`photo ${id}`, async (isLast) => {
      const served = this.#photos.find((photo) => photo.id === id);
      if (served === undefined)
        throw new HarnessError(`photo ${id}: is not among the photos of this page`, {
          expected: this.#photos.length === 0 ? undefined : `one of ${this.#photos.length}`,
          hint: "start bench serve with --dataset and --data, and with --images or a larger --limit",
        });
      const bytes = new Uint8Array(await (await asked(served.address)).arrayBuffer());
      const photo = await decodePhoto({ name: served.id, bytes }, "stored");
      requireSize(served, photo.image.size);
      const targets = targetsIn(await (await asked(served.targets)).json(), photo.image.size, served.targets);
      const chosen = targets.find((each) => each.id === target);
      if (!isLast()) return;
      const fits = isInside(prompt, photo.image.size);
      const path = served.file ?? served.address.split("/").at(-1)!;
      this.#session.change({
        ...blank,
        photo: { ...photo, id: served.id, path },
        targets,
        target: chosen,
        history: fits ? begin(prompt) : blank.history,
      });
      if (target !== undefined && chosen === undefined) this.#complain(`Photo ${id} has no target ${target}.`);
      if (!fits) this.#complain(`The points or the box of the address lie outside of photo ${id}.`);
    });
  }

  async #open(name: string, read: (isLast: () => boolean) => Promise<void>): Promise<void> {
    const own = ++this.#asked;
    this.#complain("");
    this.#session.change({ opening: name });
    try {
      await read(() => own === this.#asked);
    } catch (error) {
      if (own === this.#asked) this.#complain(sentenceOf(error));
    } finally {
      if (own === this.#asked) this.#session.change({ opening: undefined });
    }
  }
}

/** Asks the page's own server. Throws HarnessError where it is gone or has no such file. */
async function asked(address: string): Promise<Response> {
  const response = await fetch(address).catch((cause: unknown) => {
    throw new HarnessError("the page's server does not answer", {
      hint: "is bench serve still running? start it again, and load this page anew",
      cause,
    });
  });
  if (response.ok) return response;
  throw new HarnessError(`${address}: the page's server does not give it`, { found: response.status });
}

function requireSize({ id, size }: ServedPhoto, { height, width }: ServedPhoto["size"]): void {
  if (size.height === height && size.width === width) return;
  throw new HarnessError(`photo ${id}: the picture has another size than its annotations`, {
    found: `${width} x ${height}`,
    expected: `${size.width} x ${size.height}`,
  });
}
