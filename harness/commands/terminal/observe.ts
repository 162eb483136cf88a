import type { RunObserver } from "../../run/request.ts";
import type { SearchObserver } from "../../search/request.ts";
import type { Console } from "./command.ts";
import { createSteps } from "./steps.ts";

/** Shows a run's calibration, images and rounds of latency. */
export function observe(console: Console): RunObserver & { finish(): void } {
  const { follow, note, finish } = createSteps(console);
  return {
    note,
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
