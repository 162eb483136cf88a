import type { FoundCheckpoint, FoundData, Surroundings } from "../../plan/surroundings.ts";
import { shellWord } from "../../shellWords.ts";
import type { Manifest } from "../../store/schema.ts";
import { megabytes } from "./models/smallModels.ts";

/** Most folders of data that are named. */
const mostData = 2;

/** A command line, and why to give it now. */
export interface NextStep {
  readonly command: string;
  readonly meaning: string;
}

/** Says what to do next with the runs and files that are here, at most seven steps. */
export function nextSteps(runs: readonly Manifest[], { checkpoints, pulled, data }: Surroundings): readonly NextStep[] {
  const bare = pulled.length === 0 && checkpoints.length === 0;
  return [
    ...runSteps(runs),
    ...(pulled.length === 0
      ? []
      : [{ command: `bench run --variants ${pulled.join(",")}`, meaning: "their checkpoints are in the home folder" }]),
    ...checkpointSteps(checkpoints),
    ...dataSteps(data),
    ...(bare ? [{ command: "bench pull --small", meaning: "brings the small ones of the published models" }] : []),
    { command: "bench --help", meaning: "all commands; bench COMMAND --help has examples" },
  ];
}

/** Writes each step as one line of a terminal, its command and its meaning; as two lines each where one does not fit. */
export function nextStepsText(steps: readonly NextStep[], width: number): string {
  const column = Math.max(...steps.map(({ command }) => command.length));
  const fits = steps.every(({ meaning }) => 2 + column + 2 + meaning.length <= width);
  const lines = steps.map(({ command, meaning }) =>
    fits ? `  ${command.padEnd(column)}  ${meaning}` : `  ${command}\n      ${meaning}`,
  );
  return ["bench measures Segment Anything variants. With what is here:", ...lines].join("\n");
}

function runSteps(runs: readonly Manifest[]): readonly NextStep[] {
  const [newest] = [...runs].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  if (newest === undefined)
    return [{ command: "bench run", meaning: "no run here yet: measures the small trained models on 26 photos" }];
  const unfinished = runs.filter(({ status }) => status.state !== "done");
  const name = `${newest.variant.id} on ${newest.dataset.id}, ${newest.createdAt.slice(0, 10)}`;
  const table = { command: "bench table", meaning: `${counted(runs.length, "run")}, the newest of ${name}` };
  if (unfinished.length === 0) return [table];
  const meaning = `${counted(unfinished.length, "run")} without an end; the same bench run goes on`;
  return [table, { command: "bench list runs", meaning }];
}

function checkpointSteps([first, ...others]: readonly FoundCheckpoint[]): readonly NextStep[] {
  if (first === undefined) return [];
  const more = others.length === 0 ? "" : `, one of ${others.length + 1} here`;
  return [
    {
      command: `bench inspect ${shellWord(first.file)}`,
      meaning: `a checkpoint of ${megabytes(first.bytes)}${more}: which variant it fits`,
    },
  ];
}

function dataSteps(data: readonly FoundData[]): readonly NextStep[] {
  return data.slice(0, mostData).map(({ data: folder, dataset, photos }, i) => {
    const others = i === mostData - 1 ? data.length - mostData : 0;
    const more = others === 0 ? "" : `; ${counted(others, "more folder")} here`;
    const what =
      dataset === "unlabelled" ? `${counted(photos, "photo")} without masks` : `annotated photos, read as ${dataset}`;
    return { command: `bench choose --data ${shellWord(folder)} --max-latency 50ms`, meaning: `${what}${more}` };
  });
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
