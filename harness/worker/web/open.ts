import { statSync } from "node:fs";
import { basename } from "node:path";
import { z } from "zod";
import type { GraphFiles, VariantManifest } from "../../api.ts";
import type { PageSetup } from "../../build/setup.ts";
import { HarnessError } from "../../errors.ts";
import { checked } from "../../foreign.ts";
import { graphFilesOf } from "../../onnx/graphFiles.ts";
import { readSignature } from "../../onnx/index.ts";
import type { PageEngine } from "../../onnx/providers/web.ts";
import type { ExternalSupport } from "../../process/external/hello.ts";
import { visible } from "../../visible.ts";
import { graphPath, type PageFiles, pagePaths, runtimeFiles } from "../../web/pageFiles.ts";
import { PageLink, type PageOptions } from "../../web/pageLink.ts";
import { photoVariant, type TimedPhotoVariant } from "../external/photoVariant.ts";
import { pageWorker } from "./bundle.ts";
import type { PageLoad } from "./page/model.ts";
import { tokenSets } from "./tokenSets.ts";

/** A page that has loaded its model. */
export interface OpenedPage {
  readonly link: PageLink;
  readonly variant: TimedPhotoVariant;
  readonly preset: VariantManifest;
  /** Time from asking for the page until its sessions were open, ms. */
  readonly loadedMs: number;
  /** Names the device that WebGPU computes on, as the browser calls it. */
  readonly device?: string | undefined;
}

const loadAnswer = z.object({
  sinceOriginMs: z.number().positive(),
  device: z.string().min(1).max(200).optional(),
});

/** Chromium gives pages on Linux no WebGPU without being told to. */
const browserSettings = { wasm: [], webgpu: ["--enable-unsafe-webgpu"] } as const;

/** Processes that hold a page's model: WebGPU's buffers are in a process of the browser's own. */
const holders = { wasm: ["renderer"], webgpu: ["renderer", "GPU"] } as const;

/**
 * Opens a browser with a page that loads the variant's graphs. Throws HarnessError where the browser or the runtime for it is
 * missing, and where the page can not load them. `options` replace the settings of the browser and the headers of the page.
 */
export async function openPage(
  { preset, rules, engine, threads }: PageSetup,
  graphs: GraphFiles,
  options: PageOptions = {},
): Promise<OpenedPage> {
  const { id } = preset;
  requireLoadable(id, Object.values(graphs).flatMap(graphFilesOf));
  const load: PageLoad = { preset, rules, threads, graphs: pageGraphs(graphs) };
  const link = await PageLink.open(id, await pageFiles(engine, graphs), {
    settings: browserSettings[engine],
    ...options,
  });
  try {
    const { fields } = await link.ask({ call: "load", fields: { ...load } });
    const { sinceOriginMs, device } = checked(loadAnswer, fields, `${id}: load`);
    await link.findMemory(holders[engine]);
    const variant = photoVariant(link, { variant: id, supports: supportsOf(preset, graphs) });
    return { link, variant, preset, loadedMs: sinceOriginMs, device: device === undefined ? device : visible(device) };
  } catch (error) {
    await link.close();
    throw error;
  }
}

/** Bytes that a browser gives a page in one piece, as which it loads each file. */
const pieceBytes = 2 ** 31 - 1;

/** Throws HarnessError for a file that no page can hold: the browser would only say that it can not fetch it. */
export function requireLoadable(variant: string, files: readonly string[]): void {
  for (const file of files) {
    const { size } = statSync(file);
    if (size > pieceBytes)
      throw new HarnessError(`${variant}: its weights are too large for a page`, {
        found: `${(size / 1e9).toFixed(1)} GB in ${basename(file)}`,
        expected: `at most ${(pieceBytes / 1e9).toFixed(1)} GB, which a browser loads in one piece`,
        hint: "measure a smaller model, or this one without --runtime web",
      });
  }
}

async function pageFiles(engine: PageEngine, graphs: GraphFiles): Promise<PageFiles> {
  const own = Object.entries(graphs).flatMap(([graph, file]) =>
    graphFilesOf(file).map((each) => [graphPath(graph, each), each] as const),
  );
  return new Map([[pagePaths.worker, await pageWorker(engine)], ...runtimeFiles(engine), ...own]);
}

/** Tensors beside a graph have the names that the graph calls them by. */
function pageGraphs(graphs: GraphFiles): PageLoad["graphs"] {
  return Object.fromEntries(
    Object.entries(graphs).map(([graph, file]) => {
      const { externalFiles } = readSignature(file);
      const beside = externalFiles.map((path) => ({ path, address: graphPath(graph, path) }));
      return [graph, { address: graphPath(graph, file), beside }];
    }),
  );
}

/** Returns what the page answers, by the shape of the decoder's masks. Throws HarnessError where the graph does not tell it. */
function supportsOf(preset: VariantManifest, { decoder }: GraphFiles): ExternalSupport {
  const masks =
    decoder === undefined ? undefined : readSignature(decoder).outputs.find(({ name }) => name === maskOutput);
  const [, tokens, side] = masks?.dims ?? [];
  if (typeof tokens !== "number" || typeof side !== "number")
    throw new HarnessError(`${preset.id}: its decoder does not say how many masks it makes`, {
      expected: `an output ${maskOutput} of [prompts, tokens, side, side]`,
      hint: "measure it without --runtime web",
    });
  return { tokens: tokenSets(preset, tokens), answers: "logits", logitsSide: side };
}

const maskOutput = "low_res_masks";
