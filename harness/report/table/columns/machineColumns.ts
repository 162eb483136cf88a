import { type StartStage, startStages } from "../../../results/machine/coldStart.ts";
import { quartilesText, scaledText } from "../cellText.ts";
import type { PlainColumn, Shown } from "./plainColumn.ts";

/** Header and place of each stage of a cold start: what a user waits for once, before the first mask. */
const starts: Readonly<Record<StartStage, { readonly name: string; readonly shown: Shown }>> = {
  library: { name: "library", shown: "all" },
  load: { name: "load", shown: "wide" },
  "load-cold": { name: "load cold", shown: "wide" },
  create: { name: "create", shown: "wide" },
  optimise: { name: "optimise", shown: "wide" },
  "first-encode": { name: "first encode", shown: "wide" },
  "first-decode": { name: "first decode", shown: "wide" },
};

/** Columns of energy. */
export const energyColumns: readonly PlainColumn[] = [
  {
    id: "energy",
    header: ["energy", "J/image"],
    shown: "wide",
    better: "lower",
    value: ({ energy }) => energy?.joules,
  },
  { id: "power", header: ["power", "W"], shown: "all", better: "lower", value: ({ energy }) => energy?.watts },
  { id: "power-idle", header: ["idle power", "W"], shown: "all", value: ({ energy }) => energy?.idleWatts },
];

/** Columns of what a page's visitor loads and waits for. */
export const pageColumns: readonly PlainColumn[] = [
  {
    id: "page-download",
    header: ["download", "MB"],
    shown: "wide",
    better: "lower",
    value: ({ page }) => page && page.downloadBytes / 1e6,
  },
  {
    id: "page-first-mask",
    header: ["first mask", "ms"],
    shown: "wide",
    better: "lower",
    value: ({ page }) => page?.firstMaskMs,
  },
  {
    id: "page-memory",
    header: ["page memory", "MB"],
    shown: "wide",
    better: "lower",
    value: ({ page }) => page?.memoryBytes && page.memoryBytes / 1e6,
  },
];

/**
 * Returns the column of a stage. What optimisation adds is a difference of two noisy times, which may lie below 0: its quartiles
 * stand beside it, where a reader sees whether it is told from nothing.
 */
function startColumn(stage: StartStage): PlainColumn {
  const { name, shown } = starts[stage];
  const median: PlainColumn["value"] = ({ coldStart }) => coldStart?.stages[stage]?.median;
  if (stage !== "optimise")
    return { id: `start-${stage}`, header: [name, "ms"], shown, better: "lower", value: median };
  return {
    id: `start-${stage}`,
    header: [name, "ms [quartiles]"],
    shown,
    value: median,
    cell: ({ coldStart }) => {
      const found = coldStart?.stages[stage];
      return found && `${scaledText(found.median)} [${scaledText(found.q1)} to ${scaledText(found.q3)}]`;
    },
  };
}

function startQuartiles(stage: StartStage): PlainColumn {
  return {
    id: `start-${stage}-quartiles`,
    header: [starts[stage].name, "[quartiles]"],
    shown: "all",
    value: ({ coldStart }) => coldStart?.stages[stage]?.median,
    cell: ({ coldStart }) => {
      const found = coldStart?.stages[stage];
      return found && quartilesText(found);
    },
  };
}

/** Columns of the stages of a cold start, with the quartiles of their processes behind them. */
export const coldStartColumns: readonly PlainColumn[] = [
  ...startStages.map(startColumn),
  ...startStages.filter((stage) => stage !== "optimise").map(startQuartiles),
];
