import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { VariantManifest } from "../api.ts";
import type { OpenedWeights } from "../build/weights/openedWeights.ts";
import { modelFile, type PortableModel } from "../onnx/index.ts";
import type { RegisteredVariant } from "../plan/plugins/registry.ts";

export const licenceFile = "LICENCE.txt";
/** Licence of this program, which makes the graphs. */
export const programLicence = "MIT";

type Weights = PortableModel["weights"];

/** The licence's text says this of a model. */
interface Licensed extends Pick<PortableModel, "weights" | "program"> {
  readonly variant: Pick<PortableModel["variant"], "id">;
}

/** Addresses of licences that files are published under. */
const addresses: Readonly<Record<string, string>> = {
  "Apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
  MIT: "https://opensource.org/license/mit",
};

const meanings: Readonly<Record<Weights["source"], string>> = {
  checkpoint: "weights of a checkpoint file",
  nano: "small weights that sam-bench's authors trained: real accuracy at toy size, and no model to segment with",
  seeded: "values drawn from a seed, not trained: masks mean nothing, times and memory are real",
};

/** Fields of the record of weights, of an opened file or of a run, that their licence follows from. */
type Licensable = Pick<OpenedWeights["record"], "source" | "label" | "sha256" | "published">;

/** Returns what is known of the weights that graphs were made of. `base` is the variant whose weights they are. */
export function weightsRecord(record: Licensable, base: RegisteredVariant): Weights {
  const source = record.source as Weights["source"];
  return {
    source,
    label: record.label,
    sha256: record.sha256,
    published: record.published,
    licence: licenceOf(source, base),
    meaning: meanings[source],
  };
}

function licenceOf(source: Weights["source"], { preset, folder }: RegisteredVariant): Weights["licence"] {
  if (source === "nano") return cardLicence(preset, folder);
  const { published } = preset;
  if (source === "seeded" || published?.licence === undefined) return undefined;
  const { licence: name, terms } = published;
  return { name, url: terms?.url ?? addresses[name], restriction: terms?.summary };
}

/** Returns what the card of nano weights, a page beside them, says in its row "licence". */
function cardLicence({ nanoWeights }: VariantManifest, folder: string): Weights["licence"] {
  if (nanoWeights === undefined) return undefined;
  const card = join(folder, nanoWeights.file.replace(/\.safetensors$/, ".md"));
  const [, said] = existsSync(card) ? (/^\| licence +\| (.+?) *\|$/m.exec(readFileSync(card, "utf8")) ?? []) : [];
  return said === undefined ? undefined : { name: said.replace("as the project", `${programLicence}, as sam-bench`) };
}

/** Returns the text that lies beside the graphs for whoever passes them on. `told` names the file that says how they are fed. */
export function licenceText({ variant, weights, program }: Licensed, told = modelFile): string {
  return `${[
    `These graphs hold the weights of ${variant.id}: ${weights.label}.`,
    `They are ${weights.meaning}.`,
    "",
    ...weightLines(weights),
    "",
    `${program.name} ${program.version} made the graphs; it is under the licence ${program.licence}`,
    `(${addresses[program.licence]}).`,
    `${told} beside this file says how the graphs are fed.`,
  ].join("\n")}\n`;
}

function weightLines({ source, licence, published }: Weights): readonly string[] {
  if (source === "seeded")
    return ["Licence of the weights: none is needed, since they follow from names and shapes alone."];
  if (licence === undefined)
    return ["Licence of the weights: their publisher states none. Ask before you pass these files on."];
  const { name, url, restriction } = licence;
  return [
    source === "checkpoint" && published !== true
      ? `Licence of the weights: this is not the published file, which is under ${name}. Whoever trained it says what holds for it.`
      : `Licence of the weights: ${name}.`,
    ...(url === undefined ? [] : [url]),
    ...(restriction === undefined ? [] : [`It restricts their use: ${restriction}.`]),
  ];
}
