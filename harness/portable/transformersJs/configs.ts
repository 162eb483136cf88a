import type { ModelInputSpec, OnnxGraph, Rgb } from "../../api.ts";
import type { Dtype } from "./dtype.ts";
import type { LibraryFile } from "./graphs.ts";
import type { LibraryRecord } from "./record.ts";

/** Pixels of 8 bits are at most this. */
const brightest = 255;
/** Pillow's number of its bilinear filter, which the library takes for its own. */
const bilinear = 2;

/** A file of a folder as the library finds it: its number format, and whether its tensors lie beside it. */
export interface WrittenGraph {
  readonly name: LibraryFile;
  readonly file: string;
  readonly dtype: Dtype;
  readonly weights?: string | undefined;
}

/**
 * Returns `config.json`: the library finds the model's class by `model_type`, and each graph's file by the dtype that stands here, so
 * that a caller names none. The record is this project's; the library reads past it.
 */
export function configOf(
  decoder: OnnxGraph,
  { side }: Pick<ModelInputSpec, "side">,
  { files, record }: { readonly files: readonly WrittenGraph[]; readonly record: LibraryRecord },
): object {
  const [, embedding, grid] = decoder.inputs.find(({ name }) => name === "image_embeddings")!.dims;
  const beside = files.filter(({ weights }) => weights !== undefined).map(({ file }) => [file, 1] as const);
  return {
    model_type: "sam",
    architectures: ["SamModel"],
    vision_config: { model_type: "sam_vision_model", image_size: side, output_channels: embedding },
    prompt_encoder_config: { image_size: side, image_embedding_size: grid, hidden_size: embedding },
    mask_decoder_config: { hidden_size: embedding, num_multimask_outputs: 3 },
    "transformers.js_config": {
      dtype: Object.fromEntries(files.map(({ name, dtype }) => [name, dtype])),
      use_external_data_format: beside.length === 0 ? undefined : Object.fromEntries(beside),
    },
    sam_bench: record,
  };
}

/** Returns `preprocessor_config.json`: side, mean and std by which SamProcessor prepares a photo. */
export function preprocessorOf({ side, mean, std }: ModelInputSpec): object {
  return {
    processor_class: "SamProcessor",
    image_processor_type: "SamImageProcessor",
    do_convert_rgb: true,
    do_resize: true,
    size: { longest_edge: side },
    resample: bilinear,
    do_rescale: true,
    rescale_factor: 1 / brightest,
    do_normalize: true,
    image_mean: scaled(mean),
    image_std: scaled(std),
    do_pad: true,
    pad_size: { height: side, width: side },
  };
}

function scaled(channels: Rgb): readonly number[] {
  // Twelve digits say 0.224 for 57.12 / 255, of which the last bit is off.
  return channels.map((value) => Number((value / brightest).toPrecision(12)));
}
