import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { checked, parseJson } from "../../foreign.ts";
import { findPython } from "../../plan/external/pythons.ts";
import { largest } from "../../stats/summary.ts";
import type { ScoreFiles } from "./scoreData.ts";
import type { ScoreReport } from "./scoreWays.ts";

/** Distributions of other tools that score COCO's files, by the module that is imported. */
const distributions = { hotcoco: "hotcoco", faster_coco_eval: "faster-coco-eval", pycocotools: "pycocotools" } as const;

export type Peer = keyof typeof distributions;

/** A tool with the Python that has it. */
interface InstalledPeer {
  readonly tool: Peer;
  readonly python: string;
}

/** Returns the tools that are installed; `python` is the only one that is looked at, where it is given. */
export async function installedPeers(python: string | undefined): Promise<readonly InstalledPeer[]> {
  const found = await Promise.all(
    Object.entries(distributions).map(async ([tool, distribution]) => {
      const candidate = await findPython([distribution], python);
      return candidate?.missing.length === 0 ? [{ tool: tool as Peer, python: candidate.command }] : [];
    }),
  );
  return found.flat();
}

const reply = z.object({
  seconds: z.number().positive(),
  peakBytes: z.number(),
  figures: z.array(z.number()).length(12),
});

const script = fileURLToPath(new URL("scorePeers.py", import.meta.url));

/** Scores the files with another tool by COCO's rules. Its figures have the names of the project's, in whose order they come. */
export async function takePeer(
  { tool, python }: InstalledPeer,
  { annotations, detections }: ScoreFiles,
  names: readonly string[],
): Promise<ScoreReport> {
  const given = [script, tool, "coco", annotations, detections];
  const { stdout } = await promisify(execFile)(python, given, { maxBuffer: 64 * 2 ** 20 });
  const { seconds, peakBytes, figures } = checked(reply, parseJson(stdout.trim().split("\n").at(-1)!, tool), tool);
  return {
    stages: { "read, evaluate and accumulate": seconds },
    peakBytes,
    values: figures.map((value, i) => ({ id: names[i]!, value, n: 0 })),
  };
}

/** Returns the largest difference of the figures of two tools, which have the same order. Other tools have -1 where there is no value. */
export function largestDifference(a: ScoreReport, b: ScoreReport): number {
  return largest(a.values.map(({ value = -1 }, i) => Math.abs(value - (b.values[i]?.value ?? -1))));
}
