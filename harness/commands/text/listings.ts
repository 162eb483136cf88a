import type { Metric, ModelInputSpec, Protocol } from "../../api.ts";
import { bookOf } from "../../plan/plugins/book.ts";
import type { Registry } from "../../plan/plugins/registry.ts";
import { promptsOf } from "../../protocols/index.ts";
import { confidenceMeaning } from "../../report/papers/notes.ts";
import { describePublished, publishedTables } from "../../report/papers/published.ts";
import type { PublishedTable } from "../../report/papers/read.ts";
import { layout, wrap } from "../../report/table/layout.ts";
import type { CheckedRun } from "../../results/storedRuns.ts";
import { rowName } from "../../store/rowName.ts";
import { isEarlier } from "../../store/schema.ts";
import type { ListingName } from "./listingNames.ts";
import { plainTable } from "./plainTable.ts";

/** Sources of the lists; each is read only when a list asks for it. */
export interface Sources {
  registry(): Promise<Registry>;
  runs(): Promise<readonly CheckedRun[]>;
}

interface Listing {
  text(sources: Sources): Promise<string>;
  json(sources: Sources): Promise<unknown>;
}

/** Lists of `bench list` by their word, each as text and as JSON. */
export const listings: Readonly<Record<ListingName, Listing>> = {
  variants: {
    text: async ({ registry }) =>
      plainTable(
        ["variant", "title", "input px", "paper", "published weights"],
        [...(await registry()).variants.values()].map(({ preset }) => [
          preset.id,
          preset.title,
          sideText(preset.input),
          preset.paper.arxiv === undefined ? preset.paper.title : `arXiv ${preset.paper.arxiv}`,
          preset.published?.id ?? (preset.nanoWeights === undefined ? "none" : "in this project"),
        ]),
      ),
    json: async ({ registry }) => [...(await registry()).variants.values()].map(({ preset }) => preset),
  },
  datasets: {
    text: async ({ registry }) =>
      proseTable([...(await registry()).datasets.values()], {
        dataset: ({ id }) => id,
        title: ({ title }) => title,
        about: ({ about }) => wrap(about, widths.prose),
      }),
    json: async ({ registry }) =>
      [...(await registry()).datasets.values()].map(({ id, title, about }) => ({ id, title, about })),
  },
  protocols: {
    text: async ({ registry }) => protocolTable(bookOf(await registry()).protocols),
    json: async ({ registry }) => bookOf(await registry()).protocols.map(describeProtocol),
  },
  metrics: {
    text: async ({ registry }) => metricTable(bookOf(await registry()).metrics),
    json: async ({ registry }) => bookOf(await registry()).metrics.map(describeMetric),
  },
  runs: {
    text: async ({ runs }) => runTable((await runs()).map(describeRun)),
    json: async ({ runs }) => (await runs()).map(describeRun),
  },
  papers: {
    text: async () => paperTable(await publishedTables()),
    json: async () => (await publishedTables()).map(describePublished),
  },
};

/** Writes the side of the square that an encoder takes, or the longer side of a frame that is as oblong as the photo. */
function sideText({ side, multipleOf }: ModelInputSpec): string {
  return multipleOf === undefined ? String(side) : `${side}, oblong`;
}

/** Widths in characters: a column of prose, a list of prompts, a title, a name in a cell. */
const widths = { prose: 73, names: 16, title: 56, cell: 28 };

/** Writes a table whose prose breaks inside its cell, so that an entry reads as a block. */
function proseTable<T>(all: readonly T[], cellsOf: Readonly<Record<string, (entry: T) => string>>): string {
  return layout(
    Object.entries(cellsOf).map(([header, cellOf]) => ({ header: [header], align: "left", cells: all.map(cellOf) })),
  );
}

function protocolTable(all: readonly Protocol[]): string {
  const table = proseTable(all, {
    protocol: ({ id }) => id,
    prompts: (protocol) => wrap(promptsOf(protocol).join(", "), widths.names),
    about: (protocol) => `${wrap(aboutOf(protocol), widths.prose)}\n${wrap(sourceOf(protocol), widths.prose, "  ")}`,
  });
  return `${table}\n\nsources: repo = the authors' code, paper = the paper, summary = a summary of it, secondary = someone else's comparison`;
}

function metricTable(all: readonly Metric[]): string {
  return proseTable(all, {
    metric: ({ id }) => id,
    headline: ({ headline, better }) => `${headline}, ${better} is better`,
    needs: ({ needs }) => needs,
    about: ({ about }) => wrap(about, widths.prose),
  });
}

function describeMetric({ id, title, about, headline, better, unit, needs, columns }: Metric) {
  return { id, title, about, headline, better, unit, needs, columns };
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

function runTable(runs: readonly ReturnType<typeof describeRun>[]): string {
  if (runs.length === 0) return "no run here; bench run makes one, --results names the folder";
  return plainTable(
    ["run", "variant", "weights", "dataset", "images", "prompts", "status", "created"],
    runs.map(({ id, variant, weights, dataset, images, prompts, status, only, shard, earlier, damage, createdAt }) => {
      // To the minute, UTC.
      const created = createdAt.slice(0, 16).replace("T", " ");
      const state = [
        damage === undefined ? status : "damaged",
        ...(shard === undefined ? [] : [`shard ${shard}`]),
        ...(only === undefined ? [] : [only]),
        ...(earlier === undefined ? [] : ["earlier version"]),
      ];
      return [id, variant, weights, dataset, String(images), Object.keys(prompts).join(","), state.join(", "), created];
    }),
  );
}

function paperTable(all: readonly PublishedTable[]): string {
  const table = proseTable(all.map(describePublished), {
    "paper table": ({ id }) => id,
    paper: ({ paper, table }) => `${wrap(paper, widths.title, "  ")}\n${wrap(table, widths.title, "  ")}`,
    dataset: ({ dataset }) => wrap(dataset ?? "", widths.cell, "  "),
    protocols: ({ protocols }) => wrap(protocols.join(", "), widths.cell, "  "),
    confidence: ({ confidence }) => confidence,
  });
  const meanings = Object.entries(confidenceMeaning).map(([level, meaning]) => `${level} = ${meaning}`);
  return `${table}\n\n${wrap(`confidence: ${meanings.join("; ")}`, widths.prose, "  ")}`;
}

function describeRun({ manifest, damage }: CheckedRun) {
  const { id, variant, weights, dataset, protocols, status, shard, createdAt } = manifest;
  return {
    id,
    variant: rowName(variant),
    weights: weights.source,
    dataset: dataset.id,
    images: dataset.images,
    prompts: protocols,
    status: status.state,
    createdAt,
    only: status.state === "done" ? status.only : undefined,
    damage,
    earlier: isEarlier(manifest) ? (true as const) : undefined,
    shard: shard === undefined ? undefined : `${shard.index}/${shard.count}`,
  };
}
