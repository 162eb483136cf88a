import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ModelSetup } from "../build/setup.ts";
import { HarnessError, Stopped, unknown } from "../errors.ts";
import { interleavedRounds } from "../measure/schedule.ts";
import { optimisedFile } from "../onnx/index.ts";
import { traceFiles } from "../onnx/trace/files.ts";
import { readTrace, type TracedRun } from "../onnx/trace/trace.ts";
import { Deadlines } from "../process/deadlines.ts";
import { random } from "../stats/random.ts";
import { WorkerProcess } from "../worker/workerProcess.ts";
import { type ExecutedNode, executedNodes } from "./executedGraph.ts";
import type { GraphStage, ProfiledCalls, Sample } from "./profiled.ts";

export interface ProfileRequest {
  readonly setup: ModelSetup;
  /** Name of the graph that is looked into: encoder, decoder, or another one of the variant's. */
  readonly part: string;
  readonly sample: Sample;
  readonly rounds: number;
  readonly warmup: number;
  readonly signal: AbortSignal;
  progress(done: number, total: number, what: string): void;
}

export interface MeasuredProfile {
  /** The measured runs of the graph, those of the warm-up left out. */
  readonly runs: readonly TracedRun[];
  /** The nodes of a run, in its order. */
  readonly nodes: readonly ExecutedNode[];
  readonly stage: GraphStage;
  /** Times of the whole stage in ms by rounds, with the runtime's profile and without it. */
  readonly profiledMs: readonly number[];
  readonly plainMs: readonly number[];
}

const ways = ["profiled", "plain"] as const;

type Way = (typeof ways)[number];

/**
 * Runs the variant in two processes by turns, one with the runtime's profile and one without it, and reads the profile. Nothing
 * is left on the disk. Throws HarnessError for a graph that the variant lacks or does not run, and Stopped where the user stops it.
 */
export async function measureProfile(request: ProfileRequest): Promise<MeasuredProfile> {
  const { graphs } = request.setup;
  const given = graphs[request.part];
  if (given === undefined)
    throw unknown(`part of ${request.setup.variant}`, request.part, Object.keys(graphs), "a part is one of its graphs");
  const stage = request.part === "encoder" ? "encode" : "decode";
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-profile-"));
  try {
    const times = await takeTurns(request, stage, folder);
    const all = readTrace(traceFile(folder, given, request.part));
    // A stage may run a graph several times.
    const perTurn = all.length / (request.warmup + request.rounds);
    const runs = all.slice(Math.round(request.warmup * perTurn));
    const nodes = executedNodes(runs[0]!.nodes, { given, optimised: optimisedFile(folder, given) });
    return { runs, nodes, stage, profiledMs: times.profiled, plainMs: times.plain };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function takeTurns(
  { setup, sample, rounds, warmup, signal, progress }: ProfileRequest,
  stage: GraphStage,
  profile: string,
): Promise<Readonly<Record<Way, readonly number[]>>> {
  const processes = { profiled: startProcess(setup), plain: startProcess(setup) };
  const times: Record<Way, number[]> = { profiled: [], plain: [] };
  try {
    const { runtime } = setup;
    await processes.profiled.call("open", { setup: { ...setup, runtime: { ...runtime, profile } }, sample });
    await processes.plain.call("open", { setup, sample });
    const turns = interleavedRounds(ways, warmup + rounds, random(0, "profile", "order"));
    for (const [done, { name, round }] of turns.entries()) {
      if (signal.aborted) throw new Stopped("stopped before the end", { hint: "nothing of a profile is kept" });
      progress(done, turns.length, name === "plain" ? "without the profile" : "with the profile");
      const way = name as Way;
      const { durationMs } = await processes[way].call("turn", { stage });
      if (round >= warmup) times[way].push(durationMs);
    }
    await processes.profiled.call("end", {});
    return times;
  } finally {
    for (const process of Object.values(processes)) await process.close();
  }
}

function startProcess({ variant }: ModelSetup): WorkerProcess<ProfiledCalls> {
  const module = new URL("profiled.mjs", import.meta.url);
  return new WorkerProcess(variant, { module, serialization: "advanced", deadlines: new Deadlines() });
}

/** Returns the one profile of a graph's session. */
function traceFile(folder: string, graph: string, part: string): string {
  const found = traceFiles(folder, graph);
  if (found.length === 1) return found[0]!;
  throw new HarnessError(`${part}: the runtime wrote no one profile of it`, {
    found: `${found.length} files`,
    hint: "one box is decoded without a mask: graphs that need more do not run, and have no profile",
  });
}
