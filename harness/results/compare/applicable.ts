import type { Metric } from "../../api.ts";
import { type Judgement, judgementOf, type ScoreBook } from "../../protocols/index.ts";
import { protocolOfRun } from "../knownProtocol.ts";
import type { Side } from "./side.ts";

/** Returns what the sides are judged by, by protocol id. Throws HarnessError for a protocol that is not known here. */
export function judgementsOf(sides: readonly Side[], book: ScoreBook): Readonly<Record<string, Judgement>> {
  return Object.fromEntries(
    sides.flatMap(({ manifest }) =>
      Object.values(manifest.protocols).map((id) => [id, judgementOf(protocolOfRun(manifest, id, book))]),
    ),
  );
}

/**
 * Returns the metrics that suit the sides: those of rows alone, then those of annotations where these are at hand. Metrics
 * of scores need rows that have some; metrics of predicted IoU need sides without a floor, which says 1 of each mask.
 */
export function applicableMetrics(
  all: readonly Metric[],
  sides: readonly Side[],
  annotated: boolean,
): readonly Metric[] {
  const scored = sides.some(({ byPrompts }) => [...byPrompts.values()].some((rows) => rows[0]?.score !== undefined));
  const believing = sides.every(({ manifest }) => manifest.variant.role !== "floor");
  const fitting = all.filter(
    ({ compared, reads }) =>
      compared !== "asked" && (scored || !reads.includes("score")) && (believing || !reads.includes("predictedIou")),
  );
  const ofRows = fitting.filter(({ needs }) => needs === "rows");
  const ofAnnotations = fitting.filter(({ needs }) => needs === "annotations");
  return annotated ? [...ofRows, ...ofAnnotations] : ofRows;
}
