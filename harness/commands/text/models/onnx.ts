import { folderLayouts, type LayoutName } from "../../../portable/layout.ts";
import type { TakenModel } from "../../../portable/portable.ts";
import type { MaskEquality } from "../../../portable/readBack.ts";
import type { WrittenModel } from "../../../portable/writtenModel.ts";
import { wrap } from "../../../report/table/formats/layout.ts";
import { fittedTable } from "../fittedTable.ts";

const defaults = { width: 120 };

/** Says what each file without a graph holds. */
const described: Readonly<Record<string, string>> = {
  "model.json": "inputs, outputs, preparation, prompts, masks, weights, hashes",
  "LICENCE.txt": "licence of the weights and of this program",
  "sha256.json": "hashes of the files",
  "config.json": "class of the model, number format of each graph, weights, hashes",
  "preprocessor_config.json": "side, mean and std of the photo that the model takes",
};

interface TakenOptions {
  readonly folder: string;
  readonly layout: LayoutName;
  /** Characters of a line; absent where there is no terminal. */
  readonly width: number | undefined;
}

/** Says what was written, whether it gives the masks that were measured, under which licence it is, and what to do next. */
export function takenText(
  { model, files, masks }: TakenModel,
  { folder, layout, width = defaults.width }: TakenOptions,
): string {
  const table = fittedTable(
    [
      { header: "file", cells: files.map(({ name }) => name) },
      { header: "MB", cells: files.map(({ bytes }) => (bytes / 1e6).toFixed(2)) },
      { header: "what", cells: files.map(({ name }) => described[name] ?? graphText(model, name)), prose: 80 },
    ],
    width,
  );
  const megabytes = files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
  const { id, graph } = model.variant;
  return [
    wrap(`${id}, ${graph} graphs, ${model.weights.label}: ${megabytes.toFixed(2)} MB in ${folder}`, width),
    "",
    table,
    "",
    ...[equalityText(masks), licenceText(model.weights)].map((text) => wrap(text, width)),
    "",
    ...nextLines(model, masks, { folder, layout }),
  ].join("\n");
}

function graphText({ graphs }: WrittenModel, name: string): string {
  const found = Object.values(graphs).find(({ file, weights }) => file === name || weights?.file === name);
  if (found === undefined) return "";
  return found.file === name ? found.does : `weights of ${found.file}`;
}

function equalityText({ masks, equal, images, prompts, first }: MaskEquality): string {
  const where = `${images} drawn scenes, prompts ${prompts.join(", ")}`;
  if (first === undefined) return `read back: masks are equal, ${equal} of ${masks} (${where})`;
  const { image, target, prompts: own, what } = first;
  return `read back: masks differ, ${equal} of ${masks} are equal (${where}); the first: image ${image}, target ${target}, ${own}: ${what}`;
}

function licenceText({ source, licence, meaning }: WrittenModel["weights"]): string {
  const { name, restriction } = licence ?? {};
  const restricted = restriction === undefined ? "" : `; it restricts their use: ${restriction}`;
  if (source === "seeded") return `weights: ${meaning}`;
  return `licence of the weights: ${name ?? "their publisher states none"}${restricted}`;
}

/** Returns the commands that follow. They stay whole, since they are copied. */
function nextLines(
  model: WrittenModel,
  { prompts }: MaskEquality,
  { folder, layout }: Pick<TakenOptions, "folder" | "layout">,
): readonly string[] {
  const { variant, graphs, weights } = model;
  // --weights seeded, which the variant may need, is refused beside files, since these have weights of their own.
  const variants = weights.source === "seeded" ? "mine" : `${variant.id},mine`;
  const files = folderLayouts[layout].variantFiles(folder, model);
  if (layout === "transformers.js")
    return [
      `measure them: bench run --variants ${variants} --prompts ${prompts.join(",")} --variant-files mine=${files}`,
      `in JavaScript: node segment.mjs ${folder} PHOTO MASK.png X Y (the script is in harness/portable/transformersJs)`,
    ];
  const run = `measure them: bench run --variants ${variants} --variant-files mine=${files}`;
  const script = `in Python: python segment.py ${folder} PHOTO MASK.png box X0 Y0 X1 Y1 (the script is in harness/portable)`;
  return graphs.decoder === undefined ? [run] : [run, script];
}
