import { writeFile } from "node:fs/promises";
import { type LayerActivations, layerActivations } from "../../../build/activations.ts";
import { HarnessError } from "../../../errors.ts";
import { usableCores } from "../../../measure/machine/cgroup.ts";
import { drawnDataset } from "../../../plan/options.ts";
import { type Registry, variantOf } from "../../../plan/plugins/registry.ts";
import { checkpointOf, type TensorArchive } from "../../../weights/index.ts";
import { type Arguments, type Console, line } from "../../terminal/command.ts";
import { plainTable } from "../plainTable.ts";

const bars = [..." ▁▂▃▄▅▆▇█"];

/**
 * Prints what `bench inspect FILE --activations` shows: the values that enter each layer of the encoder, on drawn scenes.
 */
export async function printActivations(
  archive: TensorArchive,
  variant: string | undefined,
  { registry, args, console }: { readonly registry: Registry; readonly args: Arguments; readonly console: Console },
): Promise<void> {
  if (variant === undefined)
    throw new HarnessError(`${archive.file}: fits no variant, so there is no graph to look into`, {
      hint: "bench inspect without --activations lists its tensors",
    });
  const images = args.images as number;
  if (!Number.isSafeInteger(images) || images < 1)
    throw new HarnessError("--images: no images to look at", { found: images, expected: "at least 1" });
  const dataset = await registry.datasets.get(drawnDataset)!.open({ seed: 0, limit: images });
  const runtime = { provider: "cpu", threads: usableCores() };
  const layers = await layerActivations(
    variantOf(registry, variant),
    checkpointOf(archive, "checkpoint"),
    dataset,
    runtime,
  );
  if (args.json) line(console, JSON.stringify({ file: archive.file, variant, images, layers }));
  else printLayers(console, layers, `${variant}: what enters each layer of the encoder, ${images} drawn scenes`);
  if (args.chart !== undefined) await writeChart(args.chart as string, variant, images, layers);
}

function printLayers(console: Console, layers: readonly LayerActivations[], title: string): void {
  const number = (value: number) => value.toPrecision(3);
  line(console, title);
  line(console, "");
  const rows = layers.map(({ layer, min, max, low, high, histogram }) => [
    layer,
    ...[min, low, high, max].map(number),
    sparkline(histogram),
  ]);
  line(console, plainTable(["weight", "min", "0.05 %", "99.95 %", "max", "histogram, by fourth root"], rows));
}

/** Draws shares as bars by their fourth root, so that tails show: a range has to reach them. */
function sparkline(shares: readonly number[]): string {
  const heights = shares.map((share) => share ** 0.25);
  const highest = Math.max(...heights);
  return heights.map((height) => bars[Math.ceil((height / highest) * (bars.length - 1))]!).join("");
}

/** Writes a chart as Vega-Lite where the file's name ends in .json, else as a drawing. */
async function writeChart(
  file: string,
  variant: string,
  images: number,
  layers: readonly LayerActivations[],
): Promise<void> {
  // Vega takes a second to load.
  const [{ chartSvg }, { activationChart }] = await Promise.all([
    import("../../../report/charts/drawing/vega.ts"),
    import("../../../report/charts/own/activations.ts"),
  ]);
  const rows = layers.map(({ layer, min, max, low, high }) => ({ layer, min, max, low, high }));
  const subtitle = `what enters each layer of the encoder, ${images} drawn scenes; thick: the middle 99.9 %`;
  const spec = activationChart(`Activations of ${variant}`, subtitle, rows);
  await writeFile(file, file.endsWith(".json") ? `${JSON.stringify(spec, undefined, 1)}\n` : await chartSvg(spec));
}
