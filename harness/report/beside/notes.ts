import type { Comparison } from "../../results/compare/compare.ts";
import { detectableText } from "../../results/compare/words.ts";
import type { RunReport } from "../../results/report.ts";
import { intervalMethod } from "../../stats/intervals.ts";
import { processor, providerParts } from "../../store/rowName.ts";
import { promptsText } from "../table/cellText.ts";
import { licenceLines } from "../table/foot.ts";
import type { GridNote } from "../table/grid.ts";
import { type BesideTable, firstNames, type Respect } from "./rows.ts";

/** `first`: what a difference would have to be to show, for rows where none did; `all`: every verdict in sentences. */
export type NotesChoice = "first" | "all";

/** Returns what stands below the table: verdicts in words, what the columns mean, and what is missing. */
export function besideNotes({ respect, model, rows, missing }: BesideTable, choice: NotesChoice): readonly GridNote[] {
  const first = firstNames[respect];
  const compared = rows.flatMap(({ report, comparison }) => (comparison === undefined ? [] : [{ report, comparison }]));
  const judged = compared.filter(({ comparison }) => comparison.verdict.outcome !== "not judged");
  const verdicts = judged.map(({ report: { variant }, comparison }) => {
    return { variant, text: choice === "all" ? comparison.verdict.sentences.join(" ") : shownFrom(comparison) };
  });
  return [
    ...alikeTogether(verdicts),
    ...(judged.length === 0 ? [] : [prose("verdict", verdictMeaning(first))]),
    ...(compared.length === 0 ? [] : [prose(`× ${first}`, ratioMeaning)]),
    ...(rows.some(({ report }) => report.page !== undefined) ? [prose("page", pageMeaning)] : []),
    ...licenceLines(rows.map(({ report }) => report)).map((line) => prose("licence", line.replace(/^licence: /, ""))),
    ...missingNotes({ respect, model, missing }, rows[0]!.report),
  ];
}

/** Returns a note for each text, with the variants that it is true of; an empty one says nothing. */
function alikeTogether(texts: readonly { readonly variant: string; readonly text: string }[]): readonly GridNote[] {
  const variants = new Map<string, string[]>();
  for (const { variant, text } of texts) variants.set(text, [...(variants.get(text) ?? []), variant]);
  variants.delete("");
  return [...variants].map(([text, names]) => prose(names.join(", "), text));
}

function prose(label: string, text: string): GridNote {
  return { label, text, kind: "prose" };
}

/** Says which difference these images would have shown, where they showed none; nothing for any other outcome. */
function shownFrom({ verdict, figures }: Comparison): string {
  if (verdict.outcome !== "no difference") return "";
  const least = figures.flatMap(({ headline, detectable, prompts, unit }) =>
    headline && detectable !== undefined ? [`${detectableText(detectable, unit)} by ${promptsText(prompts)}`] : [],
  );
  return least.length === 0 ? "" : `a difference would have shown from ${least.join(", ")}`;
}

const verdictMeaning = (first: string) =>
  `paired with the ${first} row, target by target, as bench compare judges: p of all rows and prompts together, corrected by Holm; differences in points with their 95 % interval (${intervalMethod}); --notes has each verdict in sentences`;

const ratioMeaning =
  "files of all graphs; memory is the highest peak of a process that holds the model and one photo; of times the ratio of medians with its 95 % interval, where both rows took turns in one session";

const pageMeaning =
  "download is scripts, runtime and graphs as they lie on disk; first mask goes from asking for the page to its first mask, all from this machine; memory is that of the page's process, with WebGPU of the browser's GPU process too; page memory is what the browser says that the page holds, which it can not with several threads";

/** Returns the command that measures what is missing, on the plan of the first row as far as a command line tells it. */
function missingNotes(
  { respect, model, missing }: Pick<BesideTable, "respect" | "model" | "missing">,
  { dataset, weights }: RunReport,
): readonly GridNote[] {
  if (missing.length === 0) return [];
  const words = [`bench run ${missingWords[respect](model, missing).join(" ")}`];
  if (weights === "seeded") words.push("--weights seeded");
  if (dataset !== "photos") words.push(`--dataset ${dataset}`);
  return [{ label: "not measured", text: words.join(" "), kind: "command", screenOnly: true }];
}

type MissingWords = (model: string, missing: readonly string[]) => readonly string[];

const missingWords: Readonly<Record<Respect, MissingWords>> = {
  precisions(model, missing) {
    const { row, provider } = providerParts(model);
    const variants = `--variants ${[row, ...missing].join(",")}`;
    return provider === processor ? [variants] : [variants, `--provider ${provider}`];
  },
  runtimes: (model, missing) => [`--variants ${model}`, `--provider ${[processor, ...missing].join(",")}`],
};
