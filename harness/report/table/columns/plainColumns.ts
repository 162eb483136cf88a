import type { Stage } from "../../../results/report/times.ts";
import { largest } from "../../../stats/summary.ts";
import { megabytesText, quartilesText, savedText, scaledText } from "../cellText.ts";
import { maskMs, speedUp, totalMs } from "./columns.ts";
import { coldStartColumns, energyColumns, pageColumns } from "./machineColumns.ts";
import type { PlainColumn, Shown } from "./plainColumn.ts";

const mega = 1e-6;
const tera = 1e-12;

function highest(bytes: Readonly<Record<string, number>> | undefined): number | undefined {
  return bytes && largest(Object.values(bytes));
}

function milliseconds(stage: Stage, shown: Shown): PlainColumn {
  return { id: stage, header: [stage, "ms"], shown, better: "lower", value: ({ latency }) => latency[stage]?.median };
}

function quartiles(stage: Stage, shown: Shown): PlainColumn {
  return {
    id: `${stage}-quartiles`,
    header: [stage, "[quartiles]"],
    shown,
    value: ({ latency }) => latency[stage]?.median,
    cell: ({ latency }) => latency[stage] && quartilesText(latency[stage]),
  };
}

function bytes(
  { id, header, shown }: Pick<PlainColumn, "id" | "header" | "shown">,
  value: PlainColumn["value"],
): PlainColumn {
  return {
    id,
    header,
    shown,
    better: "lower",
    value,
    cell: (report, context) => {
      const found = value(report, context);
      return found === undefined ? undefined : megabytesText(found);
    },
  };
}

/**
 * Columns of efficiency in the order in which they stand behind those of accuracy. In a narrow terminal the last ones are left
 * out first.
 */
export const plainColumns: readonly PlainColumn[] = [
  milliseconds("encode", "first"),
  milliseconds("decode", "first"),
  { id: "total", header: ["total", "ms"], shown: "first", better: "lower", value: totalMs },
  bytes({ id: "memory", header: ["memory", "MB"], shown: "first" }, ({ modelMemory }) => highest(modelMemory)),
  {
    id: "speed-up",
    header: ["speed-up", "×"],
    shown: "first",
    better: "higher",
    value: (report, { base }) => speedUp(report, base),
  },
  {
    id: "parameters",
    header: ["params", "M"],
    shown: "first",
    better: "lower",
    value: ({ parameters }) => parameters,
    cell: ({ parameters }) => (parameters === undefined ? undefined : scaledText(parameters, mega)),
  },
  bytes({ id: "files", header: ["files", "MB"], shown: "first" }, ({ graph }) => graph?.fileBytes),
  quartiles("encode", "wide"),
  quartiles("decode", "wide"),
  {
    id: "decode-upscale",
    header: ["decode + upscale", "ms"],
    shown: "wide",
    better: "lower",
    value: (report, { mixesUpscaling }) => (mixesUpscaling ? maskMs(report) : undefined),
  },
  {
    id: "prompts",
    header: ["prompts", "/s"],
    shown: "wide",
    better: "higher",
    value: ({ promptsPerSecond }) => promptsPerSecond,
  },
  bytes({ id: "gpu-memory", header: ["GPU memory", "MB"], shown: "wide" }, ({ gpuMemory }) => highest(gpuMemory)),
  gmacs("encode"),
  gmacs("decode"),
  {
    id: "bit-operations",
    header: ["bit operations", "T (saved)"],
    shown: "wide",
    better: "lower",
    value: ({ theory }) => theory?.bitOperations,
    cell: ({ theory }) => theory && savedText(theory.bitOperations, theory.floatBitOperations, tera),
  },
  {
    id: "storage",
    header: ["storage", "MB (saved)"],
    shown: "wide",
    better: "lower",
    value: ({ theory }) => theory?.storageBytes,
    cell: ({ theory }) => theory && savedText(theory.storageBytes, theory.floatStorageBytes, mega),
  },
  ...energyColumns,
  ...coldStartColumns,
  ...pageColumns,
  executedGmacs("encode"),
  executedGmacs("decode"),
  {
    id: "constants",
    header: ["constants", "M"],
    shown: "all",
    value: ({ graph }) => graph?.constants,
    cell: ({ graph }) => graph && scaledText(graph.constants, mega),
  },
  memoryOf("load"),
  memoryOf("encode"),
  memoryOf("decode"),
  bytes({ id: "memory-harness", header: ["harness", "peak MB"], shown: "all" }, ({ harnessMemory }) => harnessMemory),
  milliseconds("prepare", "all"),
  quartiles("prepare", "all"),
  milliseconds("upscale", "all"),
  quartiles("upscale", "all"),
];

function gmacs(stage: "encode" | "decode"): PlainColumn {
  return {
    id: `gmacs-${stage}`,
    header: ["GMACs", stage],
    shown: "wide",
    better: "lower",
    value: ({ referenceGmacs }) => referenceGmacs?.[stage],
  };
}

function executedGmacs(stage: "encode" | "decode"): PlainColumn {
  return {
    id: `executed-gmacs-${stage}`,
    header: ["executed GMACs", stage],
    shown: "all",
    better: "lower",
    value: ({ executedGmacs: executed }) => executed?.[stage],
  };
}

function memoryOf(stage: "load" | "encode" | "decode"): PlainColumn {
  return bytes(
    { id: `memory-${stage}`, header: [stage, "peak MB"], shown: "all" },
    ({ modelMemory }) => modelMemory?.[stage],
  );
}
