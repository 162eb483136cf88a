import { z } from "zod";
import { visible } from "../../visible.ts";

/** The file beside the graphs that says everything about them. */
export const modelFile = "model.json";
export const portableFormat = { format: "sam-bench model", version: 1 } as const;

/** A text of someone else's file: it is made visible, and has a bound. */
const text = z.string().max(2000).transform(visible);
/** A file's name that can not lead out of the folder. */
const file = z.string().regex(/^[A-Za-z0-9][\w.-]*$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const side = z.int().min(1).max(65_536);
const rgb = z.tuple([z.number(), z.number(), z.number()]).readonly();
const capability = z.enum([
  "single-mask-token",
  "mask-input",
  "box-prompt",
  "three-masks",
  "predicted-iou",
  "stability",
  "logits",
]);

const value = z.strictObject({
  name: text,
  type: text,
  /** A number, or the name of a dimension that is open. */
  dims: z.array(z.union([z.int(), text])).readonly(),
  meaning: text,
  /** Name of the graph whose output of the same name goes here. */
  from: text.optional(),
});

const graph = z.strictObject({
  file,
  sha256,
  /** The file beside it that holds its tensors, where they are large. */
  weights: z.strictObject({ file, sha256 }).optional(),
  does: text,
  inputs: z.array(value).readonly(),
  outputs: z.array(value).readonly(),
});

const input = z.strictObject({
  side,
  fit: z.enum(["pad", "stretch", "letterbox"]),
  multipleOf: side.optional(),
  promptSide: side.optional(),
  resize: z.enum(["pillow-bilinear", "opencv-bilinear", "bilinear", "bilinear-antialias"]),
  padValue: z.union([z.number(), rgb]),
  mean: rgb,
  std: rgb,
  steps: z.array(text).readonly(),
});

const prompts = z.strictObject({
  rules: z.enum(["sam", "efficientsam", "sam2", "sam2-by-stability", "hq-sam", "hq-sam-alone", "fastsam"]),
  order: z.array(z.enum(["points", "box"])).readonly(),
  padding: z.enum(["without a box", "always", "never"]),
  paddingPoint: z.tuple([z.number(), z.number(), z.number()]).readonly(),
  labels: z.record(z.string().max(8), text),
  steps: z.array(text).readonly(),
});

const masks = z.strictObject({
  path: z.enum(["model-frame", "direct"]),
  interpolation: z.enum(["bilinear", "bicubic"]),
  threshold: z.enum([">0", ">=0"]),
  /** Says what becomes of the mask behind those of the tokens; absent where there is none. */
  lastMask: z.enum(["added to each", "in place of each"]).optional(),
  /** Holds by prompts name the tokens among which the one of the highest predicted IoU is chosen. */
  choice: z.record(text, z.array(z.int().min(0)).readonly()),
  steps: z.array(text).readonly(),
});

const licence = z.strictObject({ name: text, url: text.optional(), restriction: text.optional() });

const weights = z.strictObject({
  source: z.enum(["checkpoint", "nano", "seeded"]),
  label: text,
  sha256: sha256.optional(),
  published: z.boolean().optional(),
  licence: licence.optional(),
  meaning: text,
});

/** The schema of `model.json`, by which it is written and read. */
export const portableModelSchema = z.strictObject({
  format: z.literal(portableFormat.format),
  version: z.literal(portableFormat.version),
  program: z.strictObject({ name: text, version: text, licence: text }),
  variant: z.strictObject({
    id: text,
    title: text,
    paper: z.strictObject({ title: text, arxiv: text.optional(), year: z.int().optional() }),
    graph: z.enum(["fused", "reference"]),
    lacks: z.array(capability).readonly(),
    lackReasons: z.partialRecord(capability, text).optional(),
    maxPoints: z.int().min(1).optional(),
    choosesUpTo: z.int().min(1).optional(),
    everything: z.literal("own output").optional(),
    notes: z.array(text).readonly(),
  }),
  runtime: z.strictObject({
    irVersion: z.int(),
    opsets: z.record(text, z.int()),
    domains: z.array(text).readonly(),
    least: text,
    writtenWith: text,
  }),
  graphs: z.record(text, graph),
  input,
  prompts,
  masks,
  weights,
});

export type PortableModel = z.output<typeof portableModelSchema>;
export type PortableGraph = PortableModel["graphs"][string];
