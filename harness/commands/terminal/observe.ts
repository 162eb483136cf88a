import type { DiffObserver } from "../../diff/request.ts";
import { unitOf } from "../../metrics/index.ts";
import { unitText } from "../../report/table/intervalText.ts";
import type { FigureSoFar } from "../../run/currentFigure.ts";
import type { RunObserver } from "../../run/request.ts";
import type { SearchObserver } from "../../search/request.ts";
import type { Console } from "./command.ts";
import { interimTable } from "./interimTable.ts";
import { createSteps, type Steps } from "./steps.ts";

interface RunView extends RunObserver {
  /** Shows a text above the progress, in the place of the one before it. */
  interim(text: string): void;
  finish(): void;
}

/** Shows a run's calibration, images and rounds of latency, and on a terminal its results so far. */
export function observe(console: Console, steps: Steps = createSteps(console)): RunView {
  const { follow, note, pause, finish } = steps;
  const table = interimTable(console);
  let shown: string | undefined;
  const interim = (text: string) => {
    pause();
    table.draw(text);
    shown = text;
  };
  return {
    interim,
    note(text) {
      if (shown === undefined) return note(text);
      pause();
      table.erase();
      note(text);
      interim(shown);
    },
    calibration: (variant, { done, total }) =>
      follow(`calibration ${variant}`, { total, unit: "steps" }).update(done, `calibrating ${variant}`),
    overlap: (variant, { done, total }) =>
      follow(`overlap ${variant}`, { total, unit: "images" }).update(
        done,
        `checking that ${variant} is not scored on images that it is calibrated on`,
      ),
    images: (variant, { done, total, figure, whole }) =>
      follow("accuracy", { total: whole.total, unit: "images", from: whole.before }).update(
        whole.done,
        `accuracy, ${variant} ${done}/${total}`,
        { detail: figure === undefined ? undefined : figureText(figure), after: whole.turns },
      ),
    rounds: (done, total, variant) => follow("latency", { total, unit: "turns" }).update(done, `latency, ${variant}`),
    starts: (done, total, variant) =>
      follow("cold start", { total, unit: "processes" }).update(done, `cold start, ${variant}`),
    energy: (done, total, variant) => follow("energy", { total, unit: "variants" }).update(done, `energy, ${variant}`),
    finish() {
      finish();
      table.erase();
      shown = undefined;
    },
  };
}

/** Writes the figure as tables do: mIoU box 38.1 ±6.0. */
function figureText({ title, prompts, ...figure }: FigureSoFar): string {
  return `${title} ${prompts} ${unitText(figure, unitOf(figure))}`;
}

const units = { parts: "turns", configurations: "configurations", check: "checks" } as const;

/** Shows a search's turns, configurations and checks. */
export function observeSearch(console: Console): SearchObserver & { finish(): void } {
  const { follow, note, finish } = createSteps(console);
  return {
    note,
    progress: (what, done, total, label) =>
      follow(what, { total, unit: units[what], from: done - 1 }).update(done, label),
    finish,
  };
}

/** Shows a diff's runs of graphs and images, and the steps of a variant's build before that. */
export function observeDiff(console: Console): RunView & DiffObserver & { masks: MaskProgress } {
  const steps = createSteps(console);
  return {
    ...observe(console, steps),
    runs: (done, total, what) => steps.follow("runs", { total, unit: "runs of a graph" }).update(done, what),
    masks: (done, total, side) => steps.follow("masks", { total, unit: "images" }).update(done, `masks, ${side}`),
  };
}

type MaskProgress = (done: number, total: number, side: string) => void;
