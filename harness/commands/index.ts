import type { Command } from "./command.ts";
import { compare } from "./compare.ts";
import { data } from "./data.ts";
import { doctor } from "./doctor.ts";
import { exportRun } from "./export.ts";
import { inspect } from "./inspect.ts";
import { list } from "./list.ts";
import { merge } from "./merge.ts";
import { pullFiles } from "./pull.ts";
import { quantize } from "./quantize.ts";
import { report } from "./report.ts";
import { run } from "./run.ts";
import { score } from "./score.ts";
import { search } from "./search.ts";
import { slurm } from "./slurm.ts";
import { table } from "./table.ts";
import { verify } from "./verify.ts";

export type { Command, Console } from "./command.ts";

/** In the order of `bench --help`. */
export const commands: readonly Command[] = [
  run,
  merge,
  slurm,
  table,
  report,
  compare,
  score,
  exportRun,
  list,
  doctor,
  pullFiles,
  data,
  inspect,
  verify,
  search,
  quantize,
];
