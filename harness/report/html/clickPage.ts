import { nameOnProcessor } from "../../store/rowName.ts";
import type { Manifest } from "../../store/schema.ts";
import type { Sample } from "./gallery.ts";
import { commandLine } from "./machine.ts";

/** The page of `bench serve`, in which a target of the gallery can be tried by hand. */
export interface ClickPage {
  /** Address of the page on the reader's own machine, with a slash at its end. */
  readonly address: string;
  /** Command line that starts it. */
  readonly command: string;
}

/** Models that the page shows side by side. */
const mostModels = 2;

/** Options of `bench run` that name weights and data: the page has the same. */
const sharedOptions = ["weights", "checkpoint", "dataset", "data", "limit", "image", "seed", "plugin"];

/** The parts of a run's record that say how its page is started. */
export type StartedRun = Pick<Manifest, "plan" | "dataset"> & {
  readonly variant: Pick<Manifest["variant"], "id" | "name" | "role">;
};

/**
 * Returns the command that opens the first two models of a table on the data of its runs, by the options that the first run was
 * given. Folders are no part of a run's record: the reader puts them before the names.
 */
export function serveCommand(runs: readonly StartedRun[]): string {
  const models = runs.filter(({ variant }) => variant.role !== "floor");
  const names = [...new Set(models.map(({ variant }) => nameOnProcessor(variant)))].slice(0, mostModels);
  const [first] = models;
  const options = first === undefined ? [] : sharedWords(first.plan.asPassed);
  const dataset = first === undefined || options.includes("--dataset") ? [] : ["--dataset", first.dataset.id];
  return commandLine(["serve", ...names, ...dataset, ...options]);
}

/** Returns the shared options of a command line with their values, whichever way they were written. */
function sharedWords(line: readonly string[]): readonly string[] {
  return line.flatMap((word, i) => {
    const [, name = "", value = line[i + 1]] = /^--([\w-]+)(?:=(.*))?$/s.exec(word) ?? [];
    return sharedOptions.includes(name) && value !== undefined ? [`--${name}`, value] : [];
  });
}

/** Returns the address that opens the page on a target. */
export function targetAddress({ address }: ClickPage, { image, target }: Pick<Sample, "image" | "target">): string {
  return `${address}#photo=${image}&target=${target}`;
}
