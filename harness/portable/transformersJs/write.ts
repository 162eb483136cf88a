import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { OnnxGraph } from "../../api.ts";
import { measuredGraphs } from "../../build/build.ts";
import { readInstallation } from "../../build/installation.ts";
import { graphFilesOf } from "../../onnx/files/graphFiles.ts";
import { writeGraph } from "../../onnx/index.ts";
import { weightsVariantOf } from "../../plan/plugins/registry.ts";
import { sha256OfFile } from "../../store/disk/fileCache.ts";
import { replaceFolder } from "../folder.ts";
import { licenceFile, licenceText, programLicence, weightsRecord } from "../licence.ts";
import { graphMeaning } from "../meanings.ts";
import type { ModelToWrite } from "../write.ts";
import type { WrittenModel } from "../writtenModel.ts";
import { configOf, preprocessorOf, type WrittenGraph } from "./configs.ts";
import { dtypeOf, suffixes } from "./dtype.ts";
import { requireSamModel } from "./fit.ts";
import { type LibraryFile, libraryFiles, libraryGraphs } from "./graphs.ts";
import { configFile, type LibraryRecord, preprocessorFile, recordFormat, recordSchema } from "./record.ts";

/** Says what of a folder differs from one that the library's own exporter writes. */
const differences = [
  "one photo a call: the batch is 1",
  "a point's label is 1, 0 or -1: there is no -10, by which transformers in Python leaves a point out",
];

/**
 * Writes the graphs as the library reads them, its two JSON files and `LICENCE.txt`, in the place of what the folder held. Throws
 * HarnessError for a variant that SamModel can not run, and for a folder with files of others.
 */
export async function writeLibraryFolder({ folder, progress, ...from }: ModelToWrite): Promise<WrittenModel> {
  const { variant, checkpoint, graph, calibration } = from;
  const { preset } = variant;
  requireSamModel(variant, graph);
  const notes: string[] = [];
  const measured = await measuredGraphs(
    { variant, checkpoint, graph, calibration },
    { note: (text) => notes.push(text) },
  );
  const graphs = libraryGraphs(preset.id, measured);
  const dtypes = libraryFiles.map((name) => dtypeOf(preset.id, graphs[name]));
  const described = describedModel(from, notes);
  const files: WrittenGraph[] = [];
  await replaceFolder(folder, async (fresh) => {
    mkdirSync(join(fresh, "onnx"));
    for (const [i, name] of libraryFiles.entries()) {
      const named = { ...graphs[name], name: `${name}${suffixes[dtypes[i]!]}` };
      progress(i, libraryFiles.length, `writing onnx/${named.name}.onnx`);
      files.push({ name, dtype: dtypes[i]!, ...written(named, join(fresh, "onnx")) });
    }
    const record = recordSchema.parse({ ...described, files: await hashesOf(files, fresh) });
    const config = configOf(graphs.prompt_encoder_mask_decoder, preset.input, { files, record });
    writeJson(join(fresh, configFile), config);
    writeJson(join(fresh, preprocessorFile), preprocessorOf(preset.input));
    writeFileSync(join(fresh, licenceFile), licenceText(described, preprocessorFile));
  });
  return { ...described, graphs: Object.fromEntries(files.map((each) => [each.name, toldGraph(each)])) };
}

/** Returns the record of a folder without the hashes of its files. */
function describedModel(
  { variant, registry, record, graph }: Omit<ModelToWrite, "folder" | "progress">,
  notes: readonly string[],
): Omit<LibraryRecord, "files"> {
  const { id, title, paper, notes: own } = variant.preset;
  return {
    ...recordFormat,
    program: { name: "sam-bench", version: readInstallation().version, licence: programLicence },
    variant: {
      id,
      title,
      paper: { title: paper.title, arxiv: paper.arxiv, year: paper.year },
      graph,
      notes: [...own, ...notes],
    },
    weights: weightsRecord(record, weightsVariantOf(registry, variant)),
    notes: differences,
  };
}

/** Writes a graph, its tensors under the name by which the library looks for them. */
function written(graph: OnnxGraph, folder: string): Pick<WrittenGraph, "file" | "weights"> {
  const path = writeGraph(graph, folder, `${graph.name}.onnx_data`);
  const [, beside] = graphFilesOf(path);
  return { file: basename(path), weights: beside === undefined ? undefined : basename(beside) };
}

async function hashesOf(graphs: readonly WrittenGraph[], folder: string): Promise<LibraryRecord["files"]> {
  const hashes: Record<string, string> = {};
  for (const { file, weights } of graphs)
    for (const name of [file, weights])
      if (name !== undefined) hashes[`onnx/${name}`] = await sha256OfFile(join(folder, "onnx", name));
  return hashes;
}

function writeJson(file: string, value: object): void {
  writeFileSync(file, `${JSON.stringify(value, undefined, 2)}\n`);
}

const ownNames: Readonly<Record<LibraryFile, string>> = {
  vision_encoder: "encoder",
  prompt_encoder_mask_decoder: "decoder",
};

function toldGraph({ name, file, weights, dtype }: WrittenGraph): WrittenModel["graphs"][string] {
  return {
    file: `onnx/${file}`,
    weights: weights === undefined ? undefined : { file: `onnx/${weights}` },
    does: `${graphMeaning(ownNames[name])}; dtype ${dtype}`,
  };
}
