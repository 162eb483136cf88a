import { visible } from "../../../../visible.ts";
import type { ModelAnswer, ServedModel } from "../../contract.ts";
import { setText, textElement } from "../words/elements.ts";
import { countText, durationText, megabytesText } from "../words/figures.ts";
import type { ModelSeat } from "./seat.ts";

/** Characters of a file's hash that are shown; the whole is in the element's title. */
const hashShown = 12;

/** Writes the times of each stage; a stage that has not been timed has a dash. */
export function drawTimes(
  list: HTMLDListElement,
  { loaded, encoded }: ModelSeat,
  answer: ModelAnswer | undefined,
): void {
  const times = [
    ["load", loaded?.loadMs],
    ["prepare", encoded?.prepareMs],
    ["encode", encoded?.encodeMs],
    ["decode", answer?.decodeMs],
    ["upscale", answer?.upscaleMs],
  ] as const;
  if (list.children.length === 0)
    for (const [name] of times) list.append(group(textElement("dt", name), textElement("dd", "–")));
  for (const [i, [, ms]] of times.entries())
    setText(list.children[i]!.lastElementChild!, ms === undefined ? "–" : durationText(ms));
}

/** Writes where a model computes, its weights and their licence. What is only known once it is loaded is filled in by `drawPlace`. */
export function writeFacts(list: HTMLDListElement, model: ServedModel): void {
  const { weights, licence } = model;
  const source = textElement("dd", weights.source);
  if (weights.sha256 !== undefined) {
    const hash = textElement("code", weights.sha256.slice(0, hashShown));
    hash.title = `sha256 ${weights.sha256}`;
    source.append(", sha256 ", hash);
  }
  list.append(
    group(textElement("dt", "computes"), textElement("dd", placeText(model))),
    group(textElement("dt", "weights"), source),
    group(textElement("dt", "licence"), licenceOf(licence)),
  );
}

/** Adds what loading told: the device, threads, and why there is only one. */
export function drawPlace(list: HTMLDListElement, { model, loaded }: ModelSeat): void {
  const device = loaded?.device === undefined ? "" : `, on ${visible(loaded.device)}`;
  const threads = loaded === undefined ? "" : `, ${countText(loaded.threads, "thread")}`;
  const note = loaded?.note === undefined ? "" : `. ${loaded.note}`;
  setText(list.firstElementChild!.lastElementChild!, `${placeText(model)}${device}${threads}${note}`);
}

function placeText({ place, provider, reason, downloadBytes }: ServedModel): string {
  const by = provider === undefined ? "" : ` by ${provider}`;
  if (place === "page") return `in this page${by}, ${megabytesText(downloadBytes)} to load`;
  return reason === undefined ? "in the harness" : `in the harness: ${reason}`;
}

function licenceOf(licence: ServedModel["licence"]): HTMLElement {
  if (licence === undefined) return textElement("dd", "not known");
  // Only an address of the web may become a link.
  if (licence.url === undefined || !/^https?:\/\//.test(licence.url)) return textElement("dd", licence.name);
  const link = textElement("a", licence.name);
  link.href = licence.url;
  link.rel = "noreferrer";
  const value = document.createElement("dd");
  value.append(link);
  return value;
}

function group(...children: readonly HTMLElement[]): HTMLElement {
  const element = document.createElement("div");
  element.append(...children);
  return element;
}
