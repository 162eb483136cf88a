import { describe, expect, test } from "vitest";
import type { DeclaredValue, GraphSignature, ValueNames } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import { recognise } from "./recognise.ts";

const value = (name: string, dims: DeclaredValue["dims"], type = "float32"): DeclaredValue => ({
  name,
  type,
  dims,
});

/** Signatures of samexporter's files of SAM, as they lie on disk: they declare the number of tokens. */
const encoder: GraphSignature = {
  file: "/models/sam.encoder.onnx",
  externalFiles: [],
  inputs: [value("input_image", [1, 3, 1024, 1024])],
  outputs: [value("image_embeddings", [1, 256, 64, 64])],
};
const decoder: GraphSignature = {
  file: "/models/sam.decoder.onnx",
  externalFiles: [],
  inputs: [
    value("image_embeddings", [1, 256, 64, 64]),
    value("point_coords", [1, "num_points", 2]),
    value("point_labels", [1, "num_points"]),
    value("mask_input", [1, 1, 256, 256]),
    value("has_mask_input", [1]),
    value("orig_im_size", [2]),
  ],
  outputs: [
    value("masks", ["a", "b", "c", "d"]),
    value("iou_predictions", [1, 4]),
    value("low_res_masks", ["e", "f", "g", "h"]),
  ],
};
const vision: GraphSignature = {
  file: "/models/vision_encoder.onnx",
  externalFiles: [],
  inputs: [value("pixel_values", ["batch_size", 3, 1024, 1024])],
  outputs: [
    value("image_embeddings", ["batch_size", 256, 64, 64]),
    value("image_positional_embeddings", ["batch_size", 256, 64, 64]),
  ],
};

test("files of full size are told by their names, and the frame's side by the encoder's input", async () => {
  const { preset } = await recognise("mine", [decoder, encoder]);
  expect(preset).toMatchObject({ id: "mine", size: "full", lacks: [], input: { side: 1024, fit: "pad" } });
  expect(preset.notes[0]).toBe("sam.encoder.onnx and sam.decoder.onnx, taken as: samexporter, SAM or MobileSAM");
});

test("samexporter's MobileSAM is run with a note of what its exporter does before it exports", async () => {
  const bodyOf = (weight: string) => ({
    nodes: [{ operator: "Add", inputs: ["x", weight], outputs: ["y"] }],
    constants: new Map(),
    stored: {},
  });
  const notesOf = async (weight: string) =>
    (await recognise("mine", [{ ...encoder, body: bodyOf(weight) }, decoder])).preset.notes.join("\n");
  const fault = "runs MobileSAM's encoder once on noise, in training mode";
  expect(await notesOf("image_encoder.layers.1.blocks.0.attn.qkv.bias")).toContain(fault);
  for (const other of ["layers.1.blocks.0.attn.qkv.bias", "image_encoder.blocks.0.attn.rel_pos_h"])
    expect(await notesOf(other)).not.toContain(fault);
});

test("an encoder that normalises is handed pixels, and its frame follows from the decoder", async () => {
  const inputs = [value("input_image", ["image_height", "image_width", 3])];
  const { preset } = await recognise("mine", [{ ...encoder, inputs }, decoder]);
  expect(preset.input).toMatchObject({ side: 1024, mean: [0, 0, 0], std: [1, 1, 1] });
  expect(preset.notes.join("\n")).toContain("the encoder normalises and pads, so the harness only resizes");
});

test("an unknown layout is told name by name, with what the nearest expects", async () => {
  const inputs = [...decoder.inputs.slice(0, 4), value("has_mask", [1]), value("orig_im_size", [1, 2])];
  const error = await failure([encoder, { ...decoder, inputs }]);
  expect(error.message).toBe(
    "mine: no layout of ONNX files that is known (found sam.encoder.onnx and sam.decoder.onnx)",
  );
  expect(error.hint).toContain("the nearest is samexporter, SAM or MobileSAM:");
  for (const line of [
    "input input_image: float32 [1, 3, 1024, 1024]\n",
    "input has_mask: float32 [1], not expected",
    "input orig_im_size: float32 [1, 2], expected float32 or int64 or int32 [2]",
    "input has_mask_input: missing, expected float32 [1]",
    "known: EfficientSAM's split export",
  ])
    expect(error.hint).toContain(line);
});

// Seen with --return-extra-metrics: the third of five outputs gets the name of another.
test("a name of the right kind of layout with another rank is not taken", async () => {
  const outputs = [...decoder.outputs.slice(0, 2), value("low_res_masks", [1, 4])];
  const { hint } = await failure([encoder, { ...decoder, outputs }]);
  expect(hint).toContain("output low_res_masks: float32 [1, 4], expected float32 [1, masks, side, side]");
});

test("half precision and bytes are refused with the type that is run", async () => {
  const half = [value("input_image", [1, 3, 1024, 1024], "float16")];
  const halved = await failure([{ ...encoder, inputs: half }, decoder]);
  expect(halved.hint).toContain("input input_image: float16 [1, 3, 1024, 1024], expected float32 [1, 3, side, side]");
  expect(halved.hint).toContain("half precision is not run here: export in float32");
  const bytes = [value("input_image", [1, 3, 1024, 1024], "uint8")];
  expect((await failure([{ ...encoder, inputs: bytes }, decoder])).hint).toContain(
    "uint8 [1, 3, 1024, 1024], expected",
  );
});

test("a decoder of another model is refused by the sizes that do not fit", async () => {
  const outputs = [value("image_embeddings", [1, 64, 32, 32])];
  expect((await failure([{ ...encoder, outputs }, decoder])).message).toBe(
    "sam.decoder.onnx: not the decoder of sam.encoder.onnx (found image_embeddings [1, 64, 32, 32], expected image_embeddings [1, 256, 64, 64])",
  );
  const named = { ...encoder, inputs: [value("x", [1, 3, 1024, 1024])], outputs: [value("y", [1, 64, 32, 32])] };
  expect((await failure([named, decoder])).message).toContain("found y [1, 64, 32, 32]");
});

test("an encoder that gives more than the decoder takes is run with it", async () => {
  expect((await recognise("mine", [vision, decoder])).preset.title).toContain("an encoder from another file");
});

test("two encoders are no pair", async () => {
  expect((await failure([encoder, encoder])).hint).toContain("input point_coords: missing");
});

test("an encoder without its decoder is told which file is missing, and of which layout", async () => {
  const error = await failure([encoder]);
  expect(error.message).toBe(
    "mine: the decoder is missing (found sam.encoder.onnx as the encoder of: samexporter, SAM or MobileSAM)",
  );
  expect(error.hint).toBe("--variant-files mine=ENCODER.onnx,DECODER.onnx");
  expect((await failure([decoder])).message).toContain("the encoder is missing (found sam.decoder.onnx as the decoder");
});

test("more files than any layout has are refused", async () => {
  expect((await failure([encoder, decoder, vision, vision])).message).toContain("mine: too many ONNX files");
});

test("outputs that nothing needs are not called wrong, and outputs may come in any order", async () => {
  const more = [value("interm_embeddings", [4, 1, 64, 64, 768]), ...encoder.outputs, value("tokens", [1, 4])];
  const outputs = [value("stability", [1, 4]), ...[...decoder.outputs].reverse()];
  const { preset } = await recognise("mine", [
    { ...encoder, outputs: more },
    { ...decoder, outputs },
  ]);
  expect(preset.title).toBe("ONNX files: samexporter, SAM or MobileSAM");
  const { hint } = await failure([
    { ...encoder, outputs: more },
    { ...decoder, inputs: decoder.inputs.slice(1) },
  ]);
  expect(hint).toContain("output tokens: float32 [1, 4], not needed");
});

test("of several outputs of a free name the one that fits is the embedding", async () => {
  const inputs = [value("x", [1, 3, 1024, 1024])];
  const outputs = [value("tokens", [1, 4096, 768]), value("y", [1, 256, 64, 64])];
  expect((await recognise("mine", [{ ...encoder, inputs, outputs }, decoder])).preset.title).toContain("official");
});

describe("a value that a layout calls otherwise", () => {
  const outputs = [value("masks", ["a", "b", "c", "d"]), value("scores", [1, 4]), value("low", [1, 4, 256, 256])];
  const renamed = { ...decoder, outputs };

  test("is offered by the role that it fits, with the flag", async () => {
    const { hint } = await failure([encoder, renamed]);
    expect(hint).toContain("`scores` looks like predicted IoU: `--onnx-names iou_predictions=scores`\n");
    expect(hint).toContain("`low` looks like low-res logits: `--onnx-names low_res_masks=low`\n");
  });

  test("is taken as the user names it, and a note says so", async () => {
    const names = { scores: "iou_predictions", low: "low_res_masks" };
    const { preset } = await recognise("mine", [encoder, renamed], { names });
    expect(preset.valueNames).toEqual(names);
    expect(preset.notes).toContain(
      "values of the files are taken as others (--onnx-names says so): scores as iou_predictions, low as low_res_masks",
    );
  });

  test("is offered in one flag where there are several and none is in doubt", async () => {
    const inputs = decoder.inputs.map((each) =>
      each.name === "mask_input"
        ? { ...each, name: "prior" }
        : each.name === "orig_im_size"
          ? { ...each, name: "size" }
          : each,
    );
    const { hint } = await failure([encoder, { ...decoder, inputs }]);
    expect(hint).toContain("all of them: `--onnx-names mask_input=prior,orig_im_size=size`");
  });

  test("is refused under a role that no layout has", async () => {
    const { message } = await failure([encoder, renamed], { scores: "iou_prediction" });
    expect(message).toContain("iou_prediction; did you mean iou_predictions?");
  });

  test("changes nothing of files that have no such value: names may be another variant's", async () => {
    const { preset } = await recognise("mine", [encoder, decoder], { names: { scores: "iou_predictions" } });
    expect(preset.valueNames).toBeUndefined();
  });
});

test("sizes that a file leaves open and nothing else tells are refused", async () => {
  const open = {
    ...encoder,
    inputs: [value("input_image", [1, 3, "height", "width"])],
  };
  expect((await recognise("mine", [open, decoder])).preset.input.side).toBe(1024);
  const inputs = decoder.inputs.map((each) =>
    each.name === "mask_input" ? value("mask_input", [1, 1, "h", "w"]) : each,
  );
  expect((await failure([open, { ...decoder, inputs }])).message).toBe(
    "sam.decoder.onnx: the size of mask_input is left open (expected a number as its dimension 2)",
  );
});

test("a decoder that takes several prompts at once, no more and no less, is refused", async () => {
  const coords = ["batch", 256, 64, 64];
  const split = (prompts: number | string): GraphSignature[] => [
    {
      file: "e.onnx",
      externalFiles: [],
      inputs: [value("batched_images", ["batch", 3, "height", "width"])],
      outputs: [value("image_embeddings", coords)],
    },
    {
      file: "d.onnx",
      externalFiles: [],
      inputs: [
        value("image_embeddings", coords),
        value("batched_point_coords", [1, prompts, 2, 2]),
        value("batched_point_labels", [1, prompts, 2]),
        value("orig_im_size", [2], "int64"),
      ],
      outputs: [value("output_masks", undefined), value("iou_predictions", ["Reshape_dim", "a", "b"])],
    },
  ];
  expect((await recognise("mine", split("n"))).preset.input).toMatchObject({ side: 1024, fit: "stretch" });
  expect((await failure(split(5))).message).toBe("d.onnx: the decoder takes 5 prompts at once, no more and no less");
});

async function failure(graphs: readonly GraphSignature[], names?: ValueNames): Promise<HarnessError> {
  const outcome = await recognise("mine", graphs, { names }).catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(HarnessError);
  return outcome as HarnessError;
}
