import { accuracyBySizeCharts } from "./accuracy/accuracyBySize.ts";
import { accuracyLatencyCharts } from "./accuracy/accuracyLatency.ts";
import { accuracySettingCharts } from "./accuracy/accuracySetting.ts";
import { iouByClickCharts } from "./accuracy/iouByClick.ts";
import { predictedIouCharts } from "./accuracy/predictedIou.ts";
import type { Chart, ChartRun } from "./chart.ts";
import { coldStartCharts } from "./coldStart.ts";
import { everythingCharts } from "./everythingStages.ts";
import { latencyCharts } from "./latencyDistribution.ts";
import { memoryCharts } from "./memoryByStage.ts";

export { type Chart, type ChartRun, chartFile, withoutLegend } from "./chart.ts";
export { chartConfig } from "./drawing/theme.ts";

/** Charts by the heading of their section, in the order of a report. A section without data is left out. */
export const chartSections: readonly {
  readonly title: string;
  readonly charts: (runs: readonly ChartRun[]) => readonly Chart[];
}[] = [
  { title: "Accuracy against latency", charts: accuracyLatencyCharts },
  { title: "Latency", charts: latencyCharts },
  { title: "Cold start", charts: coldStartCharts },
  { title: "Memory", charts: memoryCharts },
  { title: "Everything mode by stage", charts: everythingCharts },
  { title: "Accuracy by object size", charts: accuracyBySizeCharts },
  { title: "IoU by click", charts: iouByClickCharts },
  { title: "Accuracy by setting", charts: accuracySettingCharts },
  { title: "Predicted against measured IoU", charts: predictedIouCharts },
];
