import type { Metric, ModelInputSpec, Precision, Protocol, VariantManifest } from "../../api.ts";
import { bookOf } from "../../plan/plugins/book.ts";
import { precisionsOf } from "../../plan/plugins/precisions.ts";
import type { Registry } from "../../plan/plugins/registry.ts";
import { promptsOf } from "../../protocols/index.ts";
import { confidenceMeaning } from "../../report/papers/notes.ts";
import { describePublished, publishedTables } from "../../report/papers/published.ts";
import type { PublishedTable } from "../../report/papers/read.ts";
import { wrap } from "../../report/table/formats/layout.ts";
import type { CheckedRun } from "../../results/storedRuns.ts";
import { rowName } from "../../store/rowName.ts";
import { isEarlier } from "../../store/schema.ts";
import { type FittedColumn, fittedTable } from "./fittedTable.ts";
import type { ListingName } from "./listingNames.ts";

/** Sources of the lists; each is read only when a list asks for it. */
export interface Sources {
  registry(): Promise<Registry>;
  runs(): Promise<readonly CheckedRun[]>;
}

interface Listing {
  /** Writes the list in lines no longer than `width`; the whole of it without one. */
  text(sources: Sources, width: number | undefined): Promise<string>;
  json(sources: Sources): Promise<unknown>;
}

/** Lists of `bench list` by their word, each as text and as JSON. */
export const listings: Readonly<Record<ListingName, Listing>> = {
  variants: {
    text: async ({ registry }, width) =>
      tableOf(
        [...(await registry()).variants.values()].map(({ preset }) => preset),
        {
          variant: { cell: ({ id }) => id },
          title: { cell: ({ title }) => title, leaves: 2 },
          "input px": { cell: ({ input }) => sideText(input), leaves: 3 },
          paper: { cell: ({ paper }) => (paper.arxiv === undefined ? paper.title : `arXiv ${paper.arxiv}`), leaves: 1 },
          "published weights": { cell: weightsText },
        },
        width,
      ),
    json: async ({ registry }) => [...(await registry()).variants.values()].map(({ preset }) => preset),
  },
  datasets: {
    text: async ({ registry }, width) =>
      tableOf(
        [...(await registry()).datasets.values()],
        {
          dataset: { cell: ({ id }) => id },
          title: { cell: ({ title }) => title, prose: widths.title },
          about: { cell: ({ about }) => about, prose: widths.prose },
        },
        width,
      ),
    json: async ({ registry }) =>
      [...(await registry()).datasets.values()].map(({ id, title, about }) => ({ id, title, about })),
  },
  protocols: {
    text: async ({ registry }, width) => protocolTable(bookOf(await registry()).protocols, width),
    json: async ({ registry }) => bookOf(await registry()).protocols.map(describeProtocol),
  },
  metrics: {
    text: async ({ registry }, width) =>
      tableOf(
        bookOf(await registry()).metrics,
        {
          metric: { cell: ({ id }) => id },
          headline: { cell: ({ headline, better }) => `${headline}, ${better} is better` },
          needs: { cell: ({ needs }) => needs },
          about: { cell: ({ about }) => about, prose: widths.prose },
        },
        width,
      ),
    json: async ({ registry }) => bookOf(await registry()).metrics.map(describeMetric),
  },
  precisions: {
    text: async ({ registry }, width) =>
      tableOf(
        precisionsOf(await registry()).map(describePrecision),
        {
          precision: { cell: ({ id }) => id },
          variant: { cell: ({ variant }) => variant },
          about: { cell: ({ about }) => about, prose: widths.prose },
        },
        width,
      ),
    json: async ({ registry }) => precisionsOf(await registry()).map(describePrecision),
  },
  runs: {
    text: async ({ runs }, width) => runTable((await runs()).map(describeRun), width),
    json: async ({ runs }) => (await runs()).map(describeRun),
  },
  papers: {
    text: async (_, width) => paperTable(await publishedTables(), width),
    json: async () => (await publishedTables()).map(describePublished),
  },
};

function weightsText({ published, nanoWeights }: VariantManifest): string {
  return published?.id ?? (nanoWeights === undefined ? "none" : "in this project");
}

/** Writes the side of the square that an encoder takes, or the longer side of a frame that is as oblong as the photo. */
function sideText({ side, multipleOf }: ModelInputSpec): string {
  return multipleOf === undefined ? String(side) : `${side}, oblong`;
}

/** Widths in characters: a column of prose, a list of prompts, a title, a name in a cell, and a line of its own. */
const widths = { prose: 73, names: 16, title: 56, cell: 28, line: 100 };

interface CellOf<T> extends Pick<FittedColumn, "prose" | "leaves"> {
  readonly cell: (entry: T) => string;
}

function tableOf<T>(
  all: readonly T[],
  columns: Readonly<Record<string, CellOf<T>>>,
  width: number | undefined,
): string {
  return fittedTable(
    Object.entries(columns).map(([header, { cell, prose, leaves }]) => ({
      header,
      cells: all.map(cell),
      prose,
      leaves,
    })),
    width,
  );
}

function protocolTable(all: readonly Protocol[], width: number | undefined): string {
  const table = tableOf(
    all,
    {
      protocol: { cell: ({ id }) => id },
      prompts: { cell: (protocol) => promptsOf(protocol).join(", "), prose: widths.names },
      about: { cell: (protocol) => `${aboutOf(protocol)}\n${sourceOf(protocol)}`, prose: widths.prose },
    },
    width,
  );
  const sources =
    "sources: repo = the authors' code, paper = the paper, summary = a summary of it, secondary = someone else's comparison";
  return `${table}\n\n${wrap(sources, width ?? widths.line, "  ")}`;
}

function describeMetric({ id, title, about, headline, better, unit, needs, columns }: Metric) {
  return { id, title, about, headline, better, unit, needs, columns };
}

/** Names the form of a model that `MODEL` stands for. */
function describePrecision({ name, describe, idOf }: Precision) {
  return { id: name, variant: idOf("MODEL"), about: describe };
}

function sourceOf({ source, confidence }: Protocol): string {
  return `source (${confidence}): ${source}`;
}

/** Writes what a protocol is; a variant that lacks what the protocol needs is refused. */
function aboutOf({ about, needs }: Protocol): string {
  return needs.length === 0 ? about : `${about}; needs ${needs.join(", ")}`;
}

function describeProtocol(protocol: Protocol) {
  const { id, title, about, source, confidence, needs, notes } = protocol;
  return { id, title, prompts: promptsOf(protocol), about, source, confidence, needs, notes };
}

function runTable(runs: readonly ReturnType<typeof describeRun>[], width: number | undefined): string {
  if (runs.length === 0) return "no run here; bench run makes one, --results names the folder";
  return tableOf(
    runs,
    {
      run: { cell: ({ id }) => id },
      variant: { cell: ({ variant }) => variant, leaves: 3 },
      weights: { cell: ({ weights }) => weights, leaves: 5 },
      dataset: { cell: ({ dataset }) => dataset, leaves: 6 },
      images: { cell: ({ images }) => String(images), leaves: 2 },
      prompts: { cell: ({ prompts }) => Object.keys(prompts).join(","), leaves: 1 },
      status: { cell: stateText },
      // To the minute, UTC.
      created: { cell: ({ createdAt }) => createdAt.slice(0, 16).replace("T", " "), leaves: 4 },
    },
    width,
  );
}

function stateText({ damage, status, shard, only, earlier }: ReturnType<typeof describeRun>): string {
  return [
    damage === undefined ? status : "damaged",
    shard === undefined ? "" : `shard ${shard}`,
    only ?? "",
    earlier === undefined ? "" : "earlier version",
  ]
    .filter((part) => part !== "")
    .join(", ");
}

function paperTable(all: readonly PublishedTable[], width: number | undefined): string {
  const table = tableOf(
    all.map(describePublished),
    {
      "paper table": { cell: ({ id }) => id },
      paper: { cell: ({ paper, table }) => `${paper}\n${table}`, prose: widths.title },
      dataset: { cell: ({ dataset }) => dataset ?? "", prose: widths.cell },
      protocols: { cell: ({ protocols }) => protocols.join(", "), prose: widths.cell },
      confidence: { cell: ({ confidence }) => confidence },
    },
    width,
  );
  const meanings = Object.entries(confidenceMeaning).map(([level, meaning]) => `${level} = ${meaning}`);
  return `${table}\n\n${wrap(`confidence: ${meanings.join("; ")}`, width ?? widths.line, "  ")}`;
}

function describeRun({ facts, damage }: CheckedRun) {
  const { id, weights, dataset, protocols, status, shard, createdAt } = facts;
  return {
    id,
    variant: rowName(facts),
    weights: weights.source,
    dataset: dataset.id,
    images: dataset.images,
    prompts: protocols,
    status: status.state,
    createdAt,
    only: status.state === "done" ? status.only : undefined,
    damage,
    earlier: isEarlier(facts) ? (true as const) : undefined,
    shard: shard === undefined ? undefined : `${shard.index}/${shard.count}`,
  };
}
