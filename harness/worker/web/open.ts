import { z } from "zod";
import type { GraphFiles, VariantManifest } from "../../api.ts";
import type { PageSetup } from "../../build/setup.ts";
import { HarnessError } from "../../errors.ts";
import { checked } from "../../foreign.ts";
import { readSignature } from "../../onnx/index.ts";
import type { ExternalSupport } from "../../process/external/hello.ts";
import { visible } from "../../visible.ts";
import { type PageFile, pagePaths, runtimeFiles } from "../../web/pageFiles.ts";
import { PageLink, type PageOptions } from "../../web/pageLink.ts";
import { photoVariant, type TimedPhotoVariant } from "../external/photoVariant.ts";
import { pageWorker } from "./bundle.ts";
import type { PageLoad } from "./page/model.ts";
import { pageGraphs } from "./pageGraphs.ts";
import { tokenSets } from "./tokenSets.ts";

/** A page that has loaded its model. */
export interface OpenedPage {
  readonly link: PageLink;
  readonly variant: TimedPhotoVariant;
  readonly preset: VariantManifest;
  /** Time from asking for the page until its sessions were open, ms. */
  readonly loadedMs: number;
  readonly threads: number;
  /** Names the device that WebGPU computes on, as the browser calls it. */
  readonly device?: string | undefined;
}

const loadAnswer = z.object({
  sinceOriginMs: z.number().positive(),
  device: z.string().min(1).max(200).optional(),
});

export interface OpenOptions extends PageOptions {
  /** Bytes of a file with tensors that the page loads in one piece; what a browser can give it if left out. */
  readonly pieceBytes?: number | undefined;
}

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
  { pieceBytes, ...options }: OpenOptions = {},
): Promise<OpenedPage> {
  const { id } = preset;
  const own = pageGraphs(graphs, { pieceBytes });
  const load: PageLoad = { preset, rules, threads, graphs: own.graphs };
  const files = new Map<string, PageFile>([
    [pagePaths.worker, await pageWorker(engine)],
    ...runtimeFiles(engine),
    ...own.files,
  ]);
  const link = await PageLink.open(id, files, {
    settings: browserSettings[engine],
    ...options,
  });
  try {
    const { fields } = await link.ask({ call: "load", fields: { ...load } });
    const { sinceOriginMs, device } = checked(loadAnswer, fields, `${id}: load`);
    await link.findMemory(holders[engine]);
    const variant = photoVariant(link, { variant: id, supports: supportsOf(preset, graphs) });
    const shownDevice = device === undefined ? device : visible(device);
    return { link, variant, preset, threads, loadedMs: sinceOriginMs, device: shownDevice };
  } catch (error) {
    await link.close();
    throw error;
  }
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
