import { basename } from "node:path";
import { variantFilesOf } from "../plan/models/variantFiles.ts";
import { type ChosenVariant, nameOfChosen } from "../plan/models/weights.ts";
import type { RunPlan } from "../plan/plan.ts";
import type { RunFlags } from "../plan/runFlags.ts";
import { checkpointNamesOf } from "../plan/unusedFlags.ts";
import { shellWord } from "../shellWords.ts";

/** Says how files are named: as the user gave them, or without folders where others read the words. */
export type FileNames = "as given" | "without folders";

interface Worded {
  readonly plan: RunPlan;
  readonly flags: RunFlags;
  readonly files: FileNames;
}

/** Returns the words that name a model and its weights behind `bench predict`, quoted for a shell. */
export function runWords(chosen: ChosenVariant, { plan, flags, files }: Worded): string {
  const { id } = chosen.variant.preset;
  const shown = (file: string) => (files === "as given" ? file : basename(file));
  const weights = checkpointNamesOf(plan, chosen);
  const checkpoints = (flags.checkpoint ?? []).flatMap((pair) => {
    const at = pair.indexOf("=");
    const name = pair.slice(0, at);
    return weights.includes(name) ? [`${name}=${shown(pair.slice(at + 1))}`] : [];
  });
  const own = chosen.variant.files === undefined ? [] : variantFilesOf(id, plan.variantFiles);
  const programs = (flags.external ?? []).filter((each) => each.startsWith(`${id}=`));
  const words = [
    nameOfChosen(chosen),
    ...option("weights", flags.weights === "auto" ? undefined : flags.weights),
    ...checkpoints.flatMap((each) => option("checkpoint", each)),
    ...option("variant-files", own.length === 0 ? undefined : own.join(",")),
    ...option("input", own.length === 0 ? undefined : flags.input),
    ...(own.length === 0 ? [] : (flags["onnx-names"] ?? [])).flatMap((each) => option("onnx-names", each)),
    ...programs.flatMap((each) => option("external", each)),
    ...option("python", chosen.external === undefined ? undefined : flags.python),
    ...(flags.plugin ?? []).flatMap((each) => option("plugin", shown(each))),
  ];
  return words.map(shellWord).join(" ");
}

/** Returns the words of `bench run` that name the data set; nothing where the flags name none. */
export function dataWords({ dataset, data }: RunFlags, files: FileNames): string | undefined {
  const folder = data === undefined || files === "as given" ? data : basename(data);
  const words = [...option("dataset", dataset), ...option("data", folder)];
  return words.length === 0 ? undefined : words.map(shellWord).join(" ");
}

function option(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [`--${name}`, value];
}
