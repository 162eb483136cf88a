import type { Rgb } from "../../../../api.ts";
import type { AnsweredToken, Loading } from "../../contract.ts";
import { isEmpty } from "../prompt/edit.ts";
import { rgbOf } from "../stage/layers.ts";
import { Stage, type StageHands } from "../stage/stage.ts";
import { copyOf, find, setText } from "../words/elements.ts";
import { iouText, megabytesText } from "../words/figures.ts";
import { drawPlace, drawTimes, writeFacts } from "./facts.ts";
import type { ModelSeat } from "./seat.ts";
import { TokenList } from "./tokens.ts";

/** Marks of the first two series, as the report's charts draw them: they tell models apart without colours. */
const symbols = ["M5,0A5,5 0 1 1 -5,0A5,5 0 1 1 5,0Z", "M-4.6,-4.6H4.6V4.6H-4.6Z"] as const;

/** One model on the page: the photo with its mask, its tokens, its times, and what it is. */
export class ModelPanel {
  readonly element: HTMLElement;
  readonly seat: ModelSeat;
  readonly #hands: StageHands;
  readonly #stage: Stage;
  readonly #tokens: TokenList;

  constructor(seat: ModelSeat, index: number, hands: StageHands) {
    this.seat = seat;
    this.#hands = hands;
    this.element = copyOf("panel", HTMLElement);
    this.element.classList.add(`model-${index}`);
    const { name, title, place, weights } = seat.model;
    this.element.setAttribute("aria-label", `model ${name}`);
    find(this.element, ".symbol path", SVGPathElement).setAttribute("d", symbols[index % symbols.length]!);
    setText(find(this.element, ".name", HTMLElement), name);
    setText(find(this.element, ".title", HTMLElement), `${title}, in the ${place}`);
    find(this.element, ".seeded", HTMLElement).hidden = !weights.seeded;
    // On a phone the second photo comes sooner so.
    find(this.element, ".about", HTMLDetailsElement).open = matchMedia("(min-width: 56rem)").matches;
    const canvas = find(this.element, "canvas.stage", HTMLCanvasElement);
    canvas.tabIndex = 0;
    canvas.role = "application";
    canvas.setAttribute("aria-label", `photo with the mask of ${name}: arrow keys move a cross, Enter sets a point`);
    this.#stage = new Stage(canvas, hands);
    const changed = () => hands.session.touch();
    this.#tokens = new TokenList(find(this.element, ".tokens", HTMLFieldSetElement), String(index), changed);
    writeFacts(find(this.element, ".facts", HTMLDListElement), seat.model);
    find(this.element, ".again", HTMLButtonElement).addEventListener("click", () => seat.again());
  }

  /** The mask that is looked at; absent where the present prompt has no answer. */
  get shown(): AnsweredToken | undefined {
    return this.#tokens.shown;
  }

  /** The model's colour in the present theme. */
  get colour(): Rgb {
    return rgbOf(getComputedStyle(find(this.element, ".symbol", SVGElement)).color);
  }

  draw(): void {
    const { session } = this.#hands;
    const { photo, target } = session.state;
    const answer = this.seat.answerTo(session.prompt);
    this.#tokens.draw(answer, photo, target);
    this.#stage.draw(this.shown?.mask);
    drawTimes(find(this.element, ".times", HTMLDListElement), this.seat, answer);
    drawPlace(find(this.element, ".facts", HTMLDListElement), this.seat);
    this.#drawState();
  }

  #drawState(): void {
    const { state } = this.seat;
    const element = find(this.element, ".state", HTMLElement);
    element.classList.toggle("failed", state.kind === "failed");
    setText(find(element, "p", HTMLElement), this.#stateText());
    find(element, ".again", HTMLButtonElement).hidden = state.kind !== "failed";
    const progress = find(element, "progress", HTMLProgressElement);
    progress.hidden = state.kind !== "loading" || state.total === 0;
    if (state.kind !== "loading" || state.total === 0) return;
    progress.max = state.total;
    progress.value = Math.min(state.bytes, state.total);
  }

  #stateText(): string {
    const { state } = this.seat;
    const { session } = this.#hands;
    if (state.kind === "failed") return state.sentence;
    if (state.kind === "loading") return loadingText(state);
    if (state.kind === "encoding") return "Encoding the photo.";
    const misfit = this.seat.misfit(session.prompt);
    if (misfit !== undefined) return misfit;
    const { shown } = this;
    if (shown !== undefined)
      return shown.predictedIou === undefined ? "Answered." : `Predicted IoU ${iouText(shown.predictedIou)}.`;
    if (state.kind === "decoding") return "Decoding the prompt.";
    if (session.state.photo === undefined) return "Ready for a photo.";
    return isEmpty(session.prompt) ? "Ready: click on the photo." : "";
  }
}

function loadingText({ bytes, total, compiling }: Loading): string {
  if (total === 0) return "The harness loads the model.";
  const come = `${megabytesText(bytes)} of ${megabytesText(total)}`;
  return compiling === undefined ? `Loading ${come}.` : `Compiling ${compiling}, ${come} loaded.`;
}
