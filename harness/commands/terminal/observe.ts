import type { RunObserver } from "../../run/request.ts";
import { type Console, note } from "./command.ts";
import { createProgress, type Progress, type ProgressOptions } from "./progress.ts";

/** One progress line for what is under way, and whole lines for the rest. */
export function observe(console: Console): RunObserver & { finish(): void } {
  let current: { readonly what: string; readonly progress: Progress } | undefined;
  const finish = () => {
    current?.progress.finish();
    current = undefined;
  };
  const follow = (what: string, options: ProgressOptions): Progress => {
    if (current?.what !== what) {
      finish();
      current = { what, progress: createProgress(console, options) };
    }
    return current.progress;
  };
  return {
    note: (text) => (current === undefined ? void note(console, text) : current.progress.note(text)),
    calibration: (variant, { done, total }) =>
      follow(`calibration ${variant}`, { total, unit: "steps" }).update(done, `calibrating ${variant}`),
    overlap: (variant, { done, total }) =>
      follow(`overlap ${variant}`, { total, unit: "images" }).update(
        done,
        `checking that ${variant} is not scored on images that it is calibrated on`,
      ),
    images: (variant, { done, total, image, before }) =>
      follow(variant, { total, unit: "images", from: before }).update(done, `${variant}, image ${image}`),
    rounds: (done, total, variant) => follow("latency", { total, unit: "turns" }).update(done, `latency, ${variant}`),
    finish,
  };
}
