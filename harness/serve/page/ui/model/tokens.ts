import type { Size } from "../../../../api.ts";
import { plainIou } from "../../../../mask/index.ts";
import type { AnsweredToken, ModelAnswer } from "../../contract.ts";
import type { PhotoTarget, ShownPhoto } from "../session.ts";
import { maskLayer, rgbOf } from "../stage/layers.ts";
import { projectionOf } from "../stage/view.ts";
import { copyOf, find, setText } from "../words/elements.ts";
import { iouText } from "../words/figures.ts";

/** Longest side of a token's preview, px. */
const previewSide = 96;

/** The masks of one answer to choose from: the token that protocols keep is chosen, until a person looks at another. */
export class TokenList {
  readonly #fieldset: HTMLFieldSetElement;
  readonly #name: string;
  readonly #changed: () => void;
  #answer: ModelAnswer | undefined;
  #shown = 0;
  #labels: readonly HTMLLabelElement[] = [];

  constructor(fieldset: HTMLFieldSetElement, name: string, changed: () => void) {
    this.#fieldset = fieldset;
    this.#name = name;
    this.#changed = changed;
  }

  /** The token that is looked at; absent where there is no answer. */
  get shown(): AnsweredToken | undefined {
    return this.#answer?.tokens[this.#shown];
  }

  /** Draws the tokens of an answer. The same answer is left as it is, and with it the focus. */
  draw(answer: ModelAnswer | undefined, photo: ShownPhoto | undefined, target: PhotoTarget | undefined): void {
    if (answer !== this.#answer) {
      this.#answer = answer;
      this.#shown = answer?.chosen ?? 0;
      this.#fill(answer, photo);
    }
    this.#fieldset.hidden = answer === undefined;
    for (const [i, label] of this.#labels.entries()) {
      const { mask, predictedIou } = answer!.tokens[i]!;
      setText(
        find(label, ".figure", HTMLElement),
        predictedIou === undefined ? "not predicted" : iouText(predictedIou),
      );
      const measured = find(label, ".measured", HTMLElement);
      measured.hidden = target === undefined;
      setText(measured, target === undefined ? "" : `IoU ${iouText(plainIou(mask, target.mask))}`);
    }
  }

  #fill(answer: ModelAnswer | undefined, photo: ShownPhoto | undefined): void {
    for (const label of this.#labels) label.remove();
    this.#labels = (answer?.tokens ?? []).map((token, i) => {
      const label = copyOf("token", HTMLLabelElement);
      const input = find(label, "input", HTMLInputElement);
      input.name = `token-${this.#name}`;
      input.checked = i === this.#shown;
      input.addEventListener("change", () => {
        this.#shown = i;
        this.#changed();
      });
      find(label, ".tag", HTMLElement).hidden = i !== answer!.chosen;
      this.#fieldset.append(label);
      if (photo !== undefined) drawPreview(find(label, "canvas", HTMLCanvasElement), photo, token);
      return label;
    });
  }
}

function drawPreview(canvas: HTMLCanvasElement, photo: ShownPhoto, { mask }: AnsweredToken): void {
  const density = window.devicePixelRatio;
  const { height, width } = previewSize(photo.image.size);
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  const context = canvas.getContext("2d")!;
  context.drawImage(photo.shown, 0, 0, canvas.width, canvas.height);
  const colour = rgbOf(getComputedStyle(canvas).color);
  const look = { colour, fill: "plain", line: "plain", halo: "light", linePx: 1.5 * density } as const;
  const projection = projectionOf({ height: canvas.height, width: canvas.width }, photo.image.size);
  context.drawImage(maskLayer(mask, projection, look), 0, 0);
}

function previewSize({ height, width }: Size): Size {
  const scale = previewSide / Math.max(height, width);
  return { height: Math.max(1, height * scale), width: Math.max(1, width * scale) };
}
