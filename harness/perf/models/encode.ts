import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GraphKind, OnnxGraph } from "../../api.ts";
import { describeGraphs } from "../../build/build.ts";
import { executedGmacs } from "../../build/gmacs.ts";
import type { Arguments, Command } from "../../commands/terminal/command.ts";
import { settingOptions } from "../../commands/terminal/planFlags.ts";
import { HarnessError } from "../../errors.ts";
import { writeGraph } from "../../onnx/index.ts";
import { loadRegistry, type RegisteredVariant, variantOf, weightsVariantOf } from "../../plan/plugins/registry.ts";
import { seededCheckpoint } from "../../weights/index.ts";
import { benchmark, benchmarkOptions } from "./benchmark.ts";
import type { Candidate } from "./candidate.ts";
import { candidateWay } from "./candidateWay.ts";
import { encodePeers, peerWays } from "./encodePeers.ts";
import { givenEncoder } from "./given.ts";
import { askedVariant, buildSeeded } from "./seeded.ts";
import type { Way } from "./way.ts";

export const encode: Command = {
  name: "encode",
  describe: "The fused encoder against the published one, operator for operator; a method's against its base's",
  arguments: [],
  options: {
    ...benchmarkOptions,
    against: {
      describe:
        "reference: the published operators; base: the fused graph that a method changes, its default; whole: the same graph with its MLPs not in parts; or another variant's id",
      type: "string",
    },
    "variant-files": {
      describe: "NAME=ENCODER.onnx,DECODER.onnx: against this encoder, as someone else exported it",
      type: "string",
      list: true,
    },
    peers: {
      describe: `the published graph by other runtimes as well, set apart by commas: ${encodePeers.join(", ")}`,
      type: "string",
    },
    python: { describe: "the Python that has them; the first on the PATH if left out", type: "string" },
  },
  examples: [
    ["npm run perf -- encode --variant sam-vit-b --rounds 10", "time and peak memory, as ratios"],
    ["npm run perf -- encode --variant sam-vit-b --against whole --threads 1", "what it saves that MLPs go in parts"],
    ["npm run perf -- encode --variant sparsevit/sam-vit-b --ratios 0.5,0.5,0.5,0.5", "pruned against whole"],
    [
      "npm run perf -- encode --variant blvit/b+t --prune-ratio 0.5 --against blvit/b+t/p0",
      "does time fall as the work does?",
    ],
    [
      "npm run perf -- encode --variant sam-vit-b --variant-files theirs=encoder.onnx,decoder.onnx",
      "against an export",
    ],
    [
      "npm run perf -- encode --variant sam-vit-b --peers onnxruntime,openvino-bf16 --python venv/bin/python",
      "beside other runtimes, in turns",
    ],
  ],
  moreOptions: settingOptions,
  async run(args, console) {
    const variant = await askedVariant(args);
    const { id, base, alternativeTo = base } = variant.preset;
    const own = await encoderOf(variant, "fused", alternativeTo === undefined ? "fused" : id);
    const given = args["variant-files"] as readonly string[] | undefined;
    const folder = mkdtempSync(join(tmpdir(), "sam-bench-perf-"));
    try {
      const other = given === undefined ? otherSide(variant, args.against, folder) : givenEncoder(given);
      const ways = [own, await other].map(candidateWay);
      await benchmark([...ways, ...(await askedPeers(variant, args))], args, console);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    return 0;
  },
};

/** Returns the ways of `--peers`, on the variant's published graph. */
async function askedPeers(variant: RegisteredVariant, { peers, python }: Arguments): Promise<readonly Way[]> {
  if (peers === undefined) return [];
  const { files } = await buildSeeded(variant, "reference");
  return peerWays((peers as string).split(","), { graph: files.encoder!, python: python as string | undefined });
}

async function otherSide(variant: RegisteredVariant, against: unknown, folder: string): Promise<Candidate> {
  if (against === "whole") return wholeEncoder(variant, folder);
  const { id, base, alternativeTo = base } = variant.preset;
  if (alternativeTo === undefined && against === "base")
    throw new HarnessError(`--against base: ${id} changes no other variant`, { hint: "--against reference" });
  if (against === "reference" || (alternativeTo === undefined && against === undefined))
    return encoderOf(variant, "reference", "reference");
  const other = against === undefined || against === "base" ? alternativeTo! : (against as string);
  return encoderOf(variantOf(await loadRegistry(), other), "fused", other);
}

/** Returns the encoder as it is before its MLPs go in parts. Throws HarnessError for a variant that has to be calibrated first. */
async function wholeEncoder(variant: RegisteredVariant, folder: string): Promise<Candidate> {
  const { id, calibration } = variant.preset;
  if (calibration !== undefined)
    throw new HarnessError(`--against whole: ${id} is calibrated before its graph is built`, {
      hint: "--against base",
    });
  const { seededScale } = weightsVariantOf(await loadRegistry(), variant).preset;
  const described = await describeGraphs({ variant, checkpoint: seededCheckpoint(seededScale), graph: "fused" });
  const encoder = described.find(({ name }) => name === "encoder")!;
  return candidateOf(variant, { name: "whole", graph: encoder, file: writeGraph(encoder, folder) });
}

async function encoderOf(variant: RegisteredVariant, graph: GraphKind, called: string): Promise<Candidate> {
  const built = await buildSeeded(variant, graph);
  return candidateOf(variant, { name: called, graph: built.graphs.encoder!, file: built.files.encoder! });
}

interface Encoder {
  readonly name: string;
  readonly graph: OnnxGraph;
  readonly file: string;
}

function candidateOf({ preset: { input } }: RegisteredVariant, { name, graph, file }: Encoder): Candidate {
  const { encode: gmacs } = executedGmacs([graph]);
  const image = { dims: [1, 3, input.side, input.side], low: -2, high: 2 };
  return {
    name: `${name} (${gmacs.toFixed(gmacs < 10 ? 2 : 0)} GMACs)`,
    gmacs,
    steps: [{ file, feeds: { image }, calls: 1 }],
  };
}
