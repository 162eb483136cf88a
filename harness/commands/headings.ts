import type { Heading } from "./terminal/command.ts";
import { listingNames } from "./text/listingNames.ts";

/** What `bench --help` says of each command, apart from the commands, so that it is printed before any of them is read. */
export const headings = {
  run: {
    name: "run",
    describe: "Measure variants: latency, memory and accuracy, as one table",
    arguments: [],
  },
  merge: {
    name: "merge",
    describe: "Make one run of the shards of a run, as if it had never been divided",
    arguments: [{ name: "dir", describe: "folders that shards were run into", many: true }],
  },
  slurm: {
    name: "slurm",
    describe: "Run accuracy as an array of shards, then latency, then merge and table, as jobs of a cluster",
    arguments: [{ name: "action", describe: "submit (if left out) or status", optional: true }],
  },
  table: {
    name: "table",
    describe: "Print the table of stored runs again, without a model",
    arguments: [
      { name: "run", describe: "ids as bench list runs has them, or folders of runs", many: true, optional: true },
    ],
  },
  report: {
    name: "report",
    describe: "Write stored runs as one HTML file with table, charts and masks, to be opened and sent around",
    arguments: [{ name: "run", describe: "ids as bench list runs has them", many: true, optional: true }],
  },
  chart: {
    name: "chart",
    describe: "Write one figure of stored runs as a file of its own; alone it lists the figures",
    arguments: [
      { name: "figure", describe: "accuracy-latency, memory, or another id of the list", optional: true },
      { name: "run", describe: "ids as bench list runs has them", many: true, optional: true },
    ],
  },
  compare: {
    name: "compare",
    describe:
      "Say whether B gives A's masks, and whether it is better: paired by target, with what chance alone would show",
    arguments: [
      { name: "a", describe: "what is compared with: a run, a variant, or a checkpoint file" },
      { name: "b", describe: "one or more others; what was not measured yet is run on the plan of A", many: true },
    ],
  },
  sweep: {
    name: "sweep",
    describe: "Measure a variant at several batch sizes, input sides, threads or numbers of prompts, and find the knee",
    arguments: [{ name: "variant", describe: "id of the variant, as bench list variants has it" }],
  },
  profile: {
    name: "profile",
    describe: "Say where a model's time and memory go: by block, by layer and by kind of operator",
    arguments: [{ name: "variant", describe: "id of a variant that has graphs, or the name of --variant-files" }],
  },
  diff: {
    name: "diff",
    describe: "Find the first tensor in which two graphs that should be the same differ, and what it does to masks",
    arguments: [
      { name: "a", describe: "an .onnx file, or a variant, whose graph is built" },
      { name: "b", describe: "the same, with the same inputs" },
    ],
  },
  serve: {
    name: "serve",
    describe: "Try models by hand: a page on this machine to click in, or as files for any web server",
    arguments: [
      { name: "variant", describe: "one or two ids, or checkpoint files: two are shown side by side", many: true },
    ],
  },
  predict: {
    name: "predict",
    describe: "Answer one prompt on one photo: every mask with its predicted IoU, and the time of each stage",
    arguments: [
      { name: "variant", describe: "id of the variant, or a checkpoint file" },
      { name: "photo", describe: "a JPEG, PNG or WebP file" },
    ],
  },
  onnx: {
    name: "onnx",
    describe: "Write a model as it was measured, to run elsewhere: ONNX files, a JSON that says how, and the licence",
    arguments: [{ name: "variant", describe: "id of a variant that has graphs, of a method too" }],
  },
  publish: {
    name: "publish",
    describe: "Keep a result without its rows: one JSON, named by its hash, in a folder that git or a page can hold",
    arguments: [{ name: "run", describe: "ids as bench list runs has them", many: true, optional: true }],
  },
  history: {
    name: "history",
    describe: "Show figures over commits and dates, and say where they changed",
    arguments: [{ name: "variant", describe: "of these results alone: sam-nano, sam-nano:mine", optional: true }],
  },
  choose: {
    name: "choose",
    describe: "Rank the models that keep to your limits of latency and memory, and say what decides",
    arguments: [],
  },
  score: {
    name: "score",
    describe: "Score a results file as pycocotools and lvis-api do, or a stored run again without inference",
    arguments: [{ name: "run", describe: "a stored run: its id, or its folder", optional: true }],
  },
  export: {
    name: "export",
    describe: "Write a stored run's masks as a results file that pycocotools and lvis-api read",
    arguments: [{ name: "run", describe: "its id, or its folder" }],
  },
  reproduce: {
    name: "reproduce",
    describe: "Say whether a published table holds here, cell by cell: run it by its recipe and judge the differences",
    arguments: [
      {
        name: "table",
        describe: "id of a table, as bench list papers has them; without it the tables with a recipe",
        optional: true,
      },
    ],
  },
  list: {
    name: "list",
    describe: "List what there is: variants, datasets, protocols, metrics, precisions, stored runs, published tables",
    arguments: [{ name: "what", describe: listingNames.join(" or "), optional: true }],
  },
  doctor: {
    name: "doctor",
    describe: "Show the machine, what is installed, and what a plan would need and lack",
    arguments: [],
  },
  pull: {
    name: "pull",
    describe: "Bring checkpoints and datasets: resumed after a break, checked by size and hash",
    arguments: [{ name: "id", describe: "of a variant, a checkpoint or a dataset group", many: true, optional: true }],
  },
  data: {
    name: "data",
    describe: "Write a drawn dataset as COCO and LVIS, or check one: counts, photos, masks, boxes, categories",
    arguments: [
      { name: "dataset", describe: "shapes, or a drawn dataset of --plugin; or check" },
      {
        name: "data",
        describe: "for check: a folder with photos and annotation files, or one such file",
        optional: true,
      },
    ],
  },
  inspect: {
    name: "inspect",
    describe: "Show what a checkpoint file holds, and the variant it fits",
    arguments: [{ name: "file", describe: "a .pth, .pt or .safetensors file, or an .onnx graph" }],
  },
  verify: {
    name: "verify",
    describe: "Build a variant on seeded weights and compare its outputs with reference values",
    arguments: [
      { name: "variant", describe: "id of the variant" },
      { name: "fixture", describe: "JSON file with a seeded input, prompts and the outputs of the authors' code" },
    ],
  },
  search: {
    name: "search",
    describe: "Search the best setting of a method within a latency bound, by mean IoU on some images",
    arguments: [{ name: "method", describe: "sparsevit, or another that has settings to search" }],
  },
  quantize: {
    name: "quantize",
    describe: "Calibrate a quantised variant on images, once; bench run then measures it",
    arguments: [{ name: "quantized", describe: "ptq4sam, or a whole id such as ptq4sam/sam-vit-b/w6a6" }],
  },
} satisfies Readonly<Record<string, Heading>>;
