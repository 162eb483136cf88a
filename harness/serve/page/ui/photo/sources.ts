import { HarnessError } from "../../../../errors.ts";
import { find } from "../words/elements.ts";
import { sentenceOf } from "../words/figures.ts";
import type { Complain, PhotoOpener } from "./opener.ts";

/** Lets a person open a photo by a file dialog, by dropping it anywhere on the page, and by pasting it. */
export function listenForPhotos(opener: PhotoOpener, complain: Complain): void {
  listenToDialog(opener);
  listenToDrops(opener, complain);
  document.addEventListener("paste", (event) => {
    const file = event.clipboardData?.files[0];
    if (file === undefined) {
      // A text that is pasted elsewhere, as into a field of the browser's, is no mistake.
      if (event.target === document.body) complain(nothing("clipboard"));
      return;
    }
    event.preventDefault();
    void opener.openFile(file);
  });
}

function listenToDialog(opener: PhotoOpener): void {
  const input = find(document, "#file", HTMLInputElement);
  find(document, "#open", HTMLButtonElement).addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    const [file] = input.files ?? [];
    if (file !== undefined) void opener.openFile(file);
    // The same file may be opened again.
    input.value = "";
  });
}

function listenToDrops(opener: PhotoOpener, complain: Complain): void {
  const mark = (over: "over" | "") => {
    document.body.dataset.drop = over;
  };
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    mark("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) mark("");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    mark("");
    const file = event.dataTransfer?.files[0];
    if (file === undefined) complain(nothing("drop"));
    else void opener.openFile(file);
  });
}

function nothing(source: "clipboard" | "drop"): string {
  const name = source === "drop" ? "what was dropped" : "the clipboard";
  return sentenceOf(
    new HarnessError(`${name}: holds no file`, { hint: "copy or drop the photo itself, not its address" }),
  );
}
