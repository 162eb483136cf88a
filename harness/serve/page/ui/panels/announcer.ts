import { plainIou } from "../../../../mask/index.ts";
import type { ModelPanel } from "../model/panel.ts";
import type { Session } from "../session.ts";
import { find, setText } from "../words/elements.ts";
import { iouText, sentenceOf } from "../words/figures.ts";

/** Speaks to a screen reader: what a hand did, and the figures once all models have answered. Complaints stand on the page too. */
export class Announcer {
  readonly #place = find(document, "#announced", HTMLElement);
  readonly #problem = find(document, "#problem", HTMLElement);
  #figures = "";

  readonly say = (sentence: string): void => {
    if (sentence !== "") setText(this.#place, sentence);
  };

  readonly complain = (sentence: string): void => {
    this.#problem.hidden = sentence === "";
    setText(this.#problem, sentence);
  };

  /** Complains of mistakes that nothing else caught: the console is not where people look. */
  catchAll(): void {
    window.addEventListener("error", ({ error, message }) =>
      this.complain(`This page has a bug: ${sentenceOf(error ?? message)}`),
    );
    window.addEventListener("unhandledrejection", ({ reason }) =>
      this.complain(`This page has a bug: ${sentenceOf(reason)}`),
    );
  }

  /** Says the figures of all models, each set of figures once. */
  draw(session: Session, panels: readonly ModelPanel[]): void {
    if (panels.some(({ shown, seat }) => shown === undefined || seat.state.kind === "decoding")) return;
    const figures = panels.map((panel) => figuresOf(panel, session)).join(" ");
    if (figures === this.#figures) return;
    this.#figures = figures;
    this.say(figures);
  }
}

function figuresOf({ seat, shown }: ModelPanel, { state: { target } }: Session): string {
  const predicted = shown!.predictedIou === undefined ? "answered" : `predicted IoU ${iouText(shown!.predictedIou)}`;
  const measured = target === undefined ? "" : `, IoU with the target ${iouText(plainIou(shown!.mask, target.mask))}`;
  return `${seat.model.name}: ${predicted}${measured}.`;
}
