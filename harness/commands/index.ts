import type { Commands, Console } from "./terminal/command.ts";

export { headings } from "./headings.ts";
export type { Command, Commands, Console, Heading } from "./terminal/command.ts";

/** Commands in the order of `bench --help`. */
export const commands = {
  run: async () => (await import("./run.ts")).run,
  merge: async () => (await import("./merge.ts")).merge,
  slurm: async () => (await import("./slurm.ts")).slurm,
  table: async () => (await import("./table.ts")).table,
  report: async () => (await import("./report.ts")).report,
  chart: async () => (await import("./chart.ts")).chart,
  compare: async () => (await import("./compare.ts")).compare,
  sweep: async () => (await import("./sweep.ts")).sweep,
  profile: async () => (await import("./profile.ts")).profile,
  diff: async () => (await import("./diff.ts")).diff,
  serve: async () => (await import("./serve.ts")).serve,
  predict: async () => (await import("./predict.ts")).predict,
  onnx: async () => (await import("./onnx.ts")).onnx,
  publish: async () => (await import("./publish.ts")).publish,
  history: async () => (await import("./history.ts")).history,
  choose: async () => (await import("./choose.ts")).choose,
  score: async () => (await import("./score.ts")).score,
  export: async () => (await import("./export.ts")).exportRun,
  reproduce: async () => (await import("./reproduce.ts")).reproduce,
  list: async () => (await import("./list.ts")).list,
  doctor: async () => (await import("./doctor.ts")).doctor,
  pull: async () => (await import("./pull.ts")).pullFiles,
  data: async () => (await import("./data.ts")).data,
  inspect: async () => (await import("./inspect.ts")).inspect,
  verify: async () => (await import("./verify.ts")).verify,
  search: async () => (await import("./search.ts")).search,
  quantize: async () => (await import("./quantize.ts")).quantize,
} satisfies Commands;

/** What `bench` does without a command on a terminal. */
export const alone = async (console: Console) => (await import("./alone.ts")).alone(console);
