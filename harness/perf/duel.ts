import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Console, line } from "../commands/terminal/command.ts";
import { plainTable } from "../commands/text/plainTable.ts";
import { HarnessError } from "../errors.ts";
import { interleavedRounds } from "../measure/schedule.ts";
import { random } from "../stats/random.ts";
import { median, quantile } from "../stats/summary.ts";
import type { Contender, Order, Report } from "./contender.ts";

export interface DuelOptions {
  readonly rounds: number;
  readonly warmup: number;
  readonly threads: number;
  /** One process after the other, where both do not fit into memory together; rounds can then not take turns. */
  readonly order: "interleaved" | "one after the other";
}

interface Score {
  readonly durationMs: number[];
  peakBytes: number;
}

/** Two contenders, each in its own process, taking turns in a seeded order. */
export async function duel(
  pair: readonly [Contender, Contender],
  options: DuelOptions,
  console: Console,
): Promise<void> {
  const scores =
    options.order === "interleaved" ? await interleaved(pair, options, console) : await apart(pair, options, console);
  printDuel(pair.map(({ name }) => name) as [string, string], scores as [Score, Score], options, console);
}

async function interleaved(pair: readonly Contender[], options: DuelOptions, console: Console): Promise<Score[]> {
  const processes = await Promise.all(pair.map((contender) => start(contender, options)));
  const scores = pair.map((): Score => ({ durationMs: [], peakBytes: 0 }));
  const turns = interleavedRounds(["0", "1"], options.warmup + options.rounds, random(0, "perf", "order"));
  for (const { name, round } of turns) {
    const at = Number(name);
    await takeTurn(processes[at]!, scores[at]!, round < options.warmup);
    progress(console, `round ${round + 1} of ${options.warmup + options.rounds}`);
  }
  for (const process of processes) process.disconnect();
  return scores;
}

async function apart(pair: readonly Contender[], options: DuelOptions, console: Console): Promise<Score[]> {
  const scores: Score[] = [];
  for (const contender of pair) {
    const score: Score = { durationMs: [], peakBytes: 0 };
    const process = await start(contender, options);
    for (let round = 0; round < options.warmup + options.rounds; round++) {
      await takeTurn(process, score, round < options.warmup);
      progress(console, `${contender.name}: round ${round + 1} of ${options.warmup + options.rounds}`);
    }
    process.disconnect();
    scores.push(score);
  }
  return scores;
}

async function takeTurn(process: ChildProcess, score: Score, warmingUp: boolean): Promise<void> {
  const { durationMs, peakBytes } = await ask(process, { do: "turn" });
  if (!warmingUp) score.durationMs.push(durationMs);
  score.peakBytes = Math.max(score.peakBytes, peakBytes);
}

async function start(contender: Contender, { threads }: DuelOptions): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL("contender.mjs", import.meta.url)), { execArgv: [] });
  await ask(child, { do: "load", contender, threads });
  return child;
}

function ask(child: ChildProcess, order: Order): Promise<Report> {
  return new Promise((resolve, reject) => {
    const died = (code: number | null, signal: string | null) =>
      reject(
        new HarnessError("a contender's process ended", {
          found: signal ?? `exit code ${code}`,
          hint: "out of memory? try --apart",
        }),
      );
    child.once("exit", died);
    child.once("message", (report: Report) => {
      child.off("exit", died);
      resolve(report);
    });
    child.send(order);
  });
}

function progress({ notes }: Console, text: string): void {
  if (notes.isTTY) notes.write(`\r${text}\u001b[K`);
}

function printDuel(
  names: readonly [string, string],
  [a, b]: readonly [Score, Score],
  options: DuelOptions,
  console: Console,
): void {
  if (console.notes.isTTY) console.notes.write("\r\u001b[K");
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
  const spread = (values: readonly number[], digits: number) =>
    [0.25, 0.75].map((p) => quantile(values, p).toFixed(digits)).join(" to ");
  const row = (name: string, { durationMs, peakBytes }: Score) => [
    name,
    median(durationMs).toFixed(1),
    spread(durationMs, 1),
    String(durationMs.length),
    megabytes(peakBytes),
  ];
  line(console, plainTable(["", "median ms", "quartiles", "n", "peak MB"], [row(names[0], a), row(names[1], b)]));
  const ratios = a.durationMs.map((duration, round) => duration / b.durationMs[round]!);
  line(console, "");
  line(
    console,
    `time    ${names[0]} / ${names[1]}: ${median(ratios).toFixed(3)} (quartiles ${spread(ratios, 3)}, by round)`,
  );
  line(
    console,
    `memory  ${names[0]} / ${names[1]}: ${(a.peakBytes / b.peakBytes).toFixed(3)} (peak of each process, loading included)`,
  );
  line(
    console,
    `${options.rounds} rounds after ${options.warmup} of warm-up, ${options.threads} threads, ${options.order}`,
  );
}
