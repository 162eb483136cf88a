import { z } from "zod";
import { HarnessError } from "../../errors.ts";
import { checked } from "../../foreign.ts";
import { limits } from "../../limits.ts";
import { isSoftwareDevice } from "../../onnx/providers/softwareDevices.ts";
import type { StageOutputs } from "../stages/stageOutputs.ts";
import type { BoxedPhoto } from "../stages/timedStages.ts";
import type { OpenedPage } from "./open.ts";
import { boxedQuestion, pageStages } from "./pageTurn.ts";

/** Says what a page's visitor waits for and loads. */
export interface PageFindings {
  /** Name and version of the browser. */
  readonly browser: string;
  /** Bytes of scripts, runtime and graphs, as they lie on disk: no server compressed them. */
  readonly downloadBytes: number;
  /** Time in ms that passes from asking for the page until the first mask is made; everything comes from this machine. */
  readonly firstMaskMs: number;
  /**
   * Bytes that the page holds after that, as the browser counts them for the page itself. Absent where it does not tell, and with
   * several threads: those of WebAssembly wait and do not answer it, and after 60 s it counts what the others hold.
   */
  readonly memoryBytes?: number | undefined;
  /** Names the device that WebGPU computed on, as the browser calls it. */
  readonly device?: string | undefined;
}

/** Takes a photo and one box through a page that has just been opened. */
export async function firstMask(
  { link, preset, threads, loadedMs, device }: OpenedPage,
  { photo, boxes }: BoxedPhoto,
): Promise<PageFindings> {
  const first = await pageStages({ link, preset }, { photo, boxes: boxes.slice(0, 1) });
  const maskMs = first.prepareMs + first.encodeMs + first.decodeMs + first.upscaleMs;
  return {
    browser: link.browser,
    downloadBytes: link.downloadBytes,
    firstMaskMs: loadedMs + maskMs,
    memoryBytes: threads > 1 ? undefined : await link.userAgentBytes(),
    device: deviceText(device),
  };
}

function deviceText(device: string | undefined): string | undefined {
  if (device === undefined || !isSoftwareDevice(device)) return device;
  return `${device}, a software device: its times are no GPU's`;
}

const announced = z.object({
  encoded: z.int().nonnegative(),
  lengths: z.array(z.int().nonnegative().multipleOf(4)).max(64),
});

/** Asks a page for the outputs that the processor's are compared with. Throws HarnessError where they are too many to be such. */
export async function pageOutputs(
  { link, preset }: Pick<OpenedPage, "link" | "preset">,
  sample: BoxedPhoto,
): Promise<StageOutputs> {
  const answer = await link.ask({ call: "outputs", ...boxedQuestion(sample) });
  const { encoded, lengths } = checked(announced, answer.fields, `${preset.id}: outputs`);
  const bytes = lengths.reduce((sum, length) => sum + length, 0);
  if (bytes > limits.pageOutputBytes)
    throw new HarnessError(`${preset.id}: outputs: too many`, { found: bytes, expected: limits.pageOutputBytes });
  const { frames } = await link.ask({ call: "takeOutputs", expects: lengths });
  const values = frames.map(({ buffer, byteOffset, byteLength }) => {
    return new Float32Array(buffer as ArrayBuffer, byteOffset, byteLength / 4);
  });
  return { encode: values.slice(0, encoded), decode: values.slice(encoded) };
}
