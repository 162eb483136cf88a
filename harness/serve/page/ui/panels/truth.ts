import { levelTitle } from "../../../../metrics/firstClicks.ts";
import type { ModelPanel } from "../model/panel.ts";
import { wayOf } from "../prompt/history.ts";
import type { PhotoTarget, Session } from "../session.ts";
import { type Reached, reachedOn, shownLevels } from "../truth/reached.ts";
import { find, setText, textElement } from "../words/elements.ts";
import { iouText, pixelsText } from "../words/figures.ts";

/** The part of the page that scores each model against an annotated target, click by click. */
export class TruthPanel {
  readonly #section = find(document, "#truth", HTMLElement);
  readonly #choice = find(document, "#target", HTMLSelectElement);
  readonly #body = find(this.#section, "tbody", HTMLElement);
  readonly #session: Session;
  readonly #panels: readonly ModelPanel[];
  #targets: readonly PhotoTarget[] = [];

  constructor(session: Session, panels: readonly ModelPanel[]) {
    this.#session = session;
    this.#panels = panels;
    const head = find(this.#section, "thead tr", HTMLElement);
    for (const level of shownLevels) head.append(headCell(levelTitle(level)));
    for (const { seat } of panels) this.#body.append(emptyRow(seat.model.name));
    this.#choice.addEventListener("change", () => {
      session.change({ target: this.#targets.find(({ id }) => id === this.#choice.value) });
    });
  }

  draw(): void {
    const { targets, target } = this.#session.state;
    this.#section.hidden = targets.length === 0;
    if (targets !== this.#targets) this.#list(targets);
    this.#choice.value = target?.id ?? "";
    for (const [i, panel] of this.#panels.entries()) {
      const texts = target === undefined ? [] : textsOf(this.#reached(panel, target));
      const cells = [...this.#body.children[i]!.querySelectorAll("td")];
      for (const [column, cell] of cells.entries()) setText(cell, texts[column] ?? "–");
    }
  }

  #reached({ seat }: ModelPanel, { mask }: PhotoTarget): Reached {
    const prompts = wayOf(this.#session.state.history);
    return reachedOn({ prompts, answerTo: (prompt) => seat.answerTo(prompt) }, mask);
  }

  #list(targets: readonly PhotoTarget[]): void {
    this.#targets = targets;
    const option = (value: string, text: string) => {
      const element = textElement("option", text);
      element.value = value;
      return element;
    };
    this.#choice.replaceChildren(
      option("", "none chosen"),
      ...targets.map(({ id, category, areaPx }) => option(id, `${category}, ${pixelsText(areaPx)}`)),
    );
  }
}

function headCell(text: string): HTMLElement {
  const cell = textElement("th", text);
  cell.scope = "col";
  cell.className = "right";
  return cell;
}

function emptyRow(name: string): HTMLElement {
  const row = document.createElement("tr");
  const head = textElement("th", name);
  head.scope = "row";
  row.append(head);
  for (let i = 0; i < 2 + shownLevels.length; i++) {
    const cell = textElement("td", "–");
    cell.className = "right";
    row.append(cell);
  }
  return row;
}

function textsOf({ iou, clicks, first }: Reached): readonly string[] {
  return [iouText(iou), String(clicks), ...shownLevels.map((level) => first.get(level)?.toString() ?? "not yet")];
}
