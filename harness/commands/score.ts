import { HarnessError } from "../errors.ts";
import { metrics } from "../metrics/index.ts";
import { loadBook } from "../plan/plugins/book.ts";
import { type FileScoreOptions, scoreFile } from "../results/scores/scoreFile.ts";
import { type RunScoreOptions, scoreRun } from "../results/scores/scoreRun.ts";
import { intervalMethod } from "../stats/intervals.ts";
import { headings } from "./headings.ts";
import { type Arguments, type Command, line, listOf, note, refuse } from "./terminal/command.ts";
import { resultsOption } from "./terminal/runChoice.ts";
import { fileScoreText, runScoreText } from "./text/scores.ts";

export const score: Command = {
  ...headings.score,
  options: {
    annotations: { describe: "annotation JSON of COCO or LVIS", type: "string" },
    detections: { describe: "results JSON: image_id, category_id, score, segmentation or bbox", type: "string" },
    type: {
      describe: "overlap of masks or of boxes; masks where the results file holds some without it, else boxes",
      type: "string",
      choices: ["segm", "bbox"],
    },
    rules: {
      describe: "of COCO or of LVIS; by the annotation file without it",
      type: "string",
      choices: ["coco", "lvis"],
    },
    "class-agnostic": { describe: "whatever the categories: recall of proposals", type: "boolean" },
    categories: { describe: "also average precision by category", type: "boolean" },
    errors: {
      describe:
        "also what is lost by kind of error, and figures by size, category, photo size and number of annotations",
      type: "boolean",
    },
    interval: {
      describe: `95 % intervals, a ${intervalMethod}; --no-interval saves the time`,
      type: "boolean",
      default: true,
    },
    seed: {
      describe: "of the groups of images that intervals of a results file are made of; 0 if left out",
      type: "number",
    },
    metric: {
      describe: `of a run: ${metrics.map(({ id }) => id).join(", ")}, or of a --plugin; all of them without it`,
      type: "string",
      list: true,
    },
    data: { describe: "of a run: the folder with its dataset", type: "string" },
    plugin: { describe: "of a run: also know what this module brings", type: "string", list: true },
    results: resultsOption,
    json: { describe: "print JSON", type: "boolean" },
  },
  examples: [
    ["bench score --annotations instances_val2017.json --detections results.json", "the twelve numbers of COCO"],
    ["bench score --annotations lvis_v1_val.json --detections results.json --json", "the thirteen of LVIS, as JSON"],
    [
      "bench score --annotations instances_val2017.json --detections results.json --errors",
      "and what each kind of error costs",
    ],
    ["bench score sam-vit-b-0123456789ab --data COCO", "a stored run, with every metric"],
  ],
  async run(args, console) {
    const { found, text } = args.run === undefined ? await scoredFile(args) : await scoredRun(args);
    for (const warning of found.warnings) note(console, `warning: ${warning}`);
    line(console, args.json ? JSON.stringify(found) : text);
    return 0;
  },
};

async function scoredFile(args: Arguments) {
  const { annotations, detections, type, rules, seed = 0 } = args as Partial<FileScoreOptions>;
  if (annotations === undefined || detections === undefined)
    throw new HarnessError("score: nothing to score", {
      expected: "a run, or --annotations and --detections",
      hint: "bench score --annotations A.json --detections D.json",
    });
  if (args["class-agnostic"] === true)
    for (const flag of ["rules", "categories", "errors"])
      refuse(args, flag, "--class-agnostic knows no categories and has rules of its own", "leave one of the two out");
  if (args.interval === false) refuse(args, "seed", "draws the groups of intervals", "leave out one of the two");
  for (const flag of ["metric", "data", "plugin"])
    refuse(args, flag, "belongs to a stored run", "leave it out, or name a run");
  const classAgnostic = args["class-agnostic"] === true;
  const intervals = args.interval === false ? "none" : undefined;
  const errors = args.errors === true ? "parted" : undefined;
  const found = await scoreFile({ annotations, detections, type, rules, classAgnostic, intervals, errors, seed });
  return { found, text: fileScoreText(found, args.categories === true) };
}

async function scoredRun(args: Arguments) {
  refuse(args, "detections", "a run has its own", "give a run, or --annotations and --detections");
  refuse(args, "class-agnostic", "a run's recall is whatever the categories already", "--metric recall shows it alone");
  if (args.type === "bbox")
    refuse(args, "type", "a run holds masks", "bench export RUN --format coco, then --detections with --type bbox");
  refuse(args, "seed", "a run's intervals follow its own seed", "leave it out: the figures are those of its table");
  if (args.annotations !== undefined)
    refuse(args, "data", "--annotations is what the run is scored against", "leave out one of the two");
  const { annotations, data, rules } = args as Partial<RunScoreOptions>;
  const plugins = listOf(args, "plugin");
  const found = await scoreRun({
    book: await loadBook(plugins),
    plugins,
    run: args.run as string,
    results: args.results as string,
    annotations,
    data,
    metrics: args.metric === undefined ? undefined : listOf(args, "metric"),
    rules,
    categories: args.categories === true ? "listed" : undefined,
    intervals: args.interval === false ? "none" : undefined,
    errors: args.errors === true ? "parted" : undefined,
  });
  return { found, text: runScoreText(found) };
}
