import { type Clock, systemClock } from "../../measure/clock.ts";
import { visible, visibleLines } from "../../visible.ts";
import { type Console, note } from "./command.ts";

export interface ProgressOptions {
  /** Total to come to; left out where nobody knows it, and then no time left is told. */
  readonly total?: number;
  /** Name of what is counted, in the plural: images. */
  readonly unit: string;
  /** Number that an earlier process has done already, which says nothing about the rate. */
  readonly from?: number;
  readonly clock?: Clock;
}

export interface MoreProgress {
  /** The figure as it is by now. A narrow terminal does without it. */
  readonly detail?: string | undefined;
  /** Pieces of later work that take about as long as one of these: they count into the time left. */
  readonly after?: number | undefined;
}

export interface Progress {
  /** Shows `done` of `total`; those of an earlier process count too. The label says what is under way. */
  update(done: number, label: string, more?: MoreProgress): void;
  /** Sets the total anew; nothing where nobody knows it. */
  expect(total: number | undefined): void;
  /** Writes a whole line above the progress line. */
  note(text: string): void;
  /** Wipes the line off a terminal. */
  finish(): void;
}

/**
 * Milliseconds between two drawings on a terminal, between two lines to a file, and until the time left is worth a word.
 */
const intervals = { terminal: 100, file: 10_000, trusted: 2000 };

const wipe = "\r\u001b[2K";

/**
 * Shows progress as one line on `notes`, drawn over itself on a terminal: `sam-nano 12/40 images 3.1/s 9 s left`. A file or
 * a pipe gets a plain line every 10 s, so that the log of a job shows that it lives.
 */
export function createProgress(
  { notes }: Console,
  { total: first, unit, from = 0, clock = systemClock }: ProgressOptions,
): Progress {
  const terminal = notes.isTTY === true;
  const began = clock.nowMs();
  let written = terminal ? began - intervals.terminal : began;
  let shown: State | undefined;
  let total = first;

  const draw = (state: State) => {
    if (terminal) notes.write(wipe + visible(fitting(state, columnsOf(notes) - 1)));
    else note({ notes }, fitting(state, Number.POSITIVE_INFINITY));
  };
  return {
    update(done, label, more = {}) {
      const at = clock.nowMs();
      shown = { done, total, unit, label, rate: rateOf(done - from, at - began), elapsed: at - began, ...more };
      if (at - written < (terminal ? intervals.terminal : intervals.file)) return;
      written = at;
      draw(shown);
    },
    expect(most) {
      total = most;
    },
    note(text) {
      notes.write(`${terminal ? wipe : ""}${visibleLines(text)}\n`);
      if (terminal && shown !== undefined) draw(shown);
    },
    finish() {
      if (terminal) notes.write(wipe);
      shown = undefined;
    },
  };
}

interface State extends MoreProgress {
  readonly done: number;
  readonly total: number | undefined;
  readonly unit: string;
  readonly label: string;
  /** Images in a second, or whatever the unit is; absent before the first is done. */
  readonly rate: number | undefined;
  /** ms */
  readonly elapsed: number;
}

/** Returns the longest form of the line that fits: first the rate goes, then the detail, and the label is cut last. */
function fitting(state: State, width: number): string {
  const { rate, detail, label, ...rest } = state;
  const forms = [
    state,
    { ...state, hideRate: true as const },
    { ...state, hideRate: true as const, detail: undefined },
  ].map(describe);
  const found = forms.find((text) => text.length <= width);
  if (found !== undefined) return found;
  const others = describe({ ...rest, rate, label: "", hideRate: true });
  const room = width - others.length - 2;
  return room > 0 ? `${cut(label, room)}  ${others}` : cut(forms.at(-1)!, width);
}

function describe({ done, total, unit, label, rate, elapsed, detail, after = 0, hideRate }: State & Hidden): string {
  // Units that come in parts, as megabytes do, are as exact as anyone reads.
  const tenths = (number: number) => Math.round(10 * number) / 10;
  const count = tenths(done);
  const parts = [label, detail ?? "", total === undefined ? `${count} ${unit}` : `${count}/${tenths(total)} ${unit}`];
  if (rate !== undefined) {
    if (hideRate !== true) parts.push(rate >= 1 ? `${rate.toFixed(1)}/s` : `${(1 / rate).toFixed(1)} s each`);
    const left = total === undefined ? 0 : total - done + after;
    if (elapsed >= intervals.trusted && left > 0) parts.push(`${formatDuration(left / rate)} left`);
  }
  return parts.filter((part) => part !== "").join("  ");
}

interface Hidden {
  readonly hideRate?: true | undefined;
}

function rateOf(done: number, elapsedMs: number): number | undefined {
  return done > 0 && elapsedMs > 0 ? (done / elapsedMs) * 1000 : undefined;
}

/** Writes a duration as exactly as one plans by: `9 s`, `4 min 10 s`, `2 h 05 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} min`;
}

function columnsOf(notes: Console["notes"]): number {
  const { columns } = notes as { readonly columns?: number };
  return columns === undefined || columns < 20 ? 80 : columns;
}

/** Cuts a line that is longer than the terminal: it would wrap, and the next line would not be drawn over it. */
function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
