import { describeLatency, fewestRounds, latencyPresets } from "./latencySettings.ts";

/** An option of a command, described without the library that parses it. */
export interface Option {
  readonly describe: string;
  readonly type: "string" | "number" | "boolean";
  /** True if the option may be given several times, or as a list with commas. */
  readonly list?: boolean;
  /** May be given several times, each a value of its own whatever commas it holds. */
  readonly repeated?: boolean;
  readonly choices?: readonly string[];
  readonly default?: string | number | boolean;
}

/** Id of the data set that is drawn: methods are calibrated and searched on its scenes where the user names no other. */
export const drawnDataset = "shapes";

/** The options that say which runs are meant. The command line, its help and the plan read them here. */
export const planOptions = {
  variants: { describe: "ids or checkpoint files set apart by commas, or all, which is the default", type: "string" },
  preset: { describe: "preset file of a search, measured beside --variants", type: "string", list: true },
  weights: {
    describe:
      "auto: a checkpoint if one is here, else trained nano weights; a nano preset without them only where named",
    type: "string",
    choices: ["auto", "checkpoint", "nano", "seeded"],
    default: "auto",
  },
  checkpoint: {
    describe: "VARIANT=FILE, VARIANT:NAME=FILE for a row of that name, or FILE alone: a .pth, .pt or .safetensors file",
    type: "string",
    list: true,
  },
  dataset: {
    describe: "photos (26 of COCO, come with it), shapes (drawn), coco, lvis, folder or unlabelled",
    type: "string",
    default: "photos",
  },
  data: { describe: "folder with photos and annotations", type: "string" },
  prompts: { describe: "box,1p,3p (the default) or other names of bench list protocols", type: "string" },
  protocol: { describe: "all prompts of this evaluation protocol", type: "string" },
  boxes: { describe: "results file of a detector, whose boxes are prompted", type: "string" },
  limit: { describe: "the first N images of the dataset", type: "number" },
  image: { describe: "only this image id", type: "number", list: true },
  seed: { describe: "of prompts, scenes and orders", type: "number", default: 0 },
  threads: { describe: "threads of the runtime; all cores if left out", type: "number" },
  cpus: {
    describe:
      "pin the measured processes to these logical processors, such as 0-7; their number is the default of --threads",
    type: "string",
  },
  provider: {
    describe: "execution provider of ONNX Runtime, or several set apart by commas: cpu,webgpu; each is a row",
    type: "string",
    default: "cpu",
  },
  runtime: {
    describe:
      "node, or web: pages of a browser compute, by WebAssembly with 1 thread and with --threads, each a row; node,web for both",
    type: "string",
    default: "node",
  },
  "accept-error": {
    describe: "measure a provider whose outputs are over 2 % of their std off from the processor's",
    type: "boolean",
  },
  rounds: {
    describe: `latency samples of each variant; ${latencyPresets.standard.rounds} if left out`,
    type: "number",
  },
  warmup: {
    describe: `latency samples before that, not counted; ${latencyPresets.standard.warmup} if left out`,
    type: "number",
  },
  quick: { describe: `a first impression: ${describeLatency("quick")}`, type: "boolean" },
  thorough: { describe: `for figures to publish: ${describeLatency("thorough")}`, type: "boolean" },
  "cold-start": {
    describe:
      "also time ten process starts of each variant: library, files, sessions with and without optimisation, first run",
    type: "boolean",
  },
  energy: {
    describe: "also measure the energy of an image, by RAPL or NVML where these can be read",
    type: "boolean",
  },
  "max-minutes": {
    describe: `minutes the run may take: all variants have fewer rounds of latency then, at least ${fewestRounds}`,
    type: "number",
  },
  "variant-files": {
    describe: "NAME=ENCODER.onnx,DECODER.onnx, or one file or three: measure your own ONNX files under that name",
    type: "string",
    list: true,
  },
  input: {
    describe: "what the encoder of --variant-files takes; its first nodes decide if left out",
    type: "string",
    choices: ["raw", "normalised"],
  },
  "onnx-names": {
    describe: "ROLE=NAME,…: the value NAME of --variant-files is what layouts of ONNX files call ROLE",
    type: "string",
    list: true,
  },
  external: {
    describe: 'NAME="COMMAND": a program of your own that answers as the variant NAME; variants/external/README.md',
    type: "string",
    repeated: true,
  },
  python: {
    describe:
      "the Python that answers for torch/…, ort-python/… and openvino/…; if left out, the first on the PATH that has the packages",
    type: "string",
  },
  plugin: { describe: "also know the variants and datasets of this module", type: "string", list: true },
  phase: { describe: "only this one; both if left out", type: "string", choices: ["accuracy", "latency"] },
  "image-timeout": {
    describe: "seconds an image may take in its worker; 20 times the slowest so far, at least 60, if left out",
    type: "number",
  },
  "allow-overlap": {
    describe: "also score variants on images that they were calibrated on; their rows then carry a warning",
    type: "boolean",
  },
  baseline: {
    describe:
      "also score the filled box, or a disc about the points, as the floor of the table; --no-baseline leaves it out",
    type: "boolean",
    default: true,
  },
  shard: { describe: "i/n: accuracy on every n-th image, for bench merge", type: "string" },
} as const satisfies Readonly<Record<string, Option>>;

export type PlanOption = keyof typeof planOptions;

/** Returns some of a plan's options, for a command that takes no others. */
export function pickOptions(names: readonly PlanOption[]): Readonly<Record<string, Option>> {
  return Object.fromEntries(names.map((name) => [name, planOptions[name]]));
}
