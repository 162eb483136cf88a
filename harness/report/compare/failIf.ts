import { HarnessError, unknown } from "../../errors.ts";
import { units as unitForms } from "../../metrics/index.ts";
import type { Comparison } from "../../results/compare/compare.ts";
import { change, differenceText, milliseconds, pValue } from "../../results/compare/words.ts";
import { agreementNames, agreementValue, namedAgreement } from "./failIfAgreement.ts";

const comparators = ["<=", ">=", "<", ">"] as const;
const bounds = ["low", "high", "p"] as const;
const units = ["%", "ms"] as const;

/** A condition of `--fail-if`, such as `miou.box < -0.5%`. */
export interface Condition {
  /** The condition as the user typed it. */
  readonly text: string;
  readonly figure: string;
  /** The value that is compared: the difference or the agreement itself, a bound of its interval, or its p value after Holm's correction. */
  readonly of: "difference" | (typeof bounds)[number];
  readonly comparator: (typeof comparators)[number];
  readonly value: number;
  readonly unit?: (typeof units)[number];
}

const grammar =
  "FIGURE < NUMBER, such as miou.box < -0.5%, miou.box.high < 0, mask-iou < 0.9999 or latency.encode > 10%";

/**
 * Reads a condition. Throws HarnessError for a text that is none; whether the figure exists is known only once runs are
 * compared.
 */
export function parseCondition(text: string): Condition {
  const at = text.search(/[<>]/);
  if (at < 0)
    throw malformed(text, text.includes("=") ? "no < or > in it; = alone compares nothing" : "no < or > in it");
  const comparator = comparators.find((each) => text.startsWith(each, at))!;
  const left = text.slice(0, at).trim();
  const right = text.slice(at + comparator.length).trim();
  if (left === "") throw malformed(text, `nothing before ${comparator}`);
  if (/[<>]/.test(right)) throw malformed(text, "two comparisons in one");
  const number = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(\S*)$/i.exec(right.replace(/^−/, "-"));
  if (number === null) throw malformed(text, right === "" ? `nothing after ${comparator}` : `${right} is no number`);
  const unit = units.find((each) => each === number[2]);
  if (number[2] !== "" && unit === undefined)
    throw malformed(text, `the unit ${number[2]} is not known, only % and ms`);
  const bound = bounds.find((each) => left.endsWith(`.${each}`));
  const figure = bound === undefined ? left : left.slice(0, -bound.length - 1);
  const condition: Condition = {
    text: text.trim(),
    figure,
    of: bound ?? "difference",
    comparator,
    value: Number(number[1]),
    unit,
  };
  requireUnit(condition);
  return condition;
}

function requireUnit({ text, figure, of, unit, value }: Condition): void {
  const latency = figure.startsWith("latency.");
  const agreed = namedAgreement(figure);
  if (agreed !== undefined && of !== "difference") throw malformed(text, `${agreed.figure.id} has no ${of}`);
  if (agreed?.figure.unit === "count" && unit !== undefined) throw malformed(text, "a count has no unit");
  if (of === "p") {
    if (unit !== undefined) throw malformed(text, "a p value has no unit");
    if (latency) throw malformed(text, "a latency has no p value");
  } else if (latency && unit === undefined && value !== 0) throw malformed(text, "a latency needs its unit, % or ms");
  else if (!latency && unit === "ms") throw malformed(text, "ms are of a latency");
  else if (latency && unit === "ms" && of !== "difference") throw malformed(text, "bounds of a latency are in %");
}

function malformed(text: string, problem: string): HarnessError {
  return new HarnessError(`--fail-if "${text}": ${problem}`, { expected: grammar });
}

export interface Outcome {
  readonly met: boolean;
  /** The value that was found, for the line that says why the command failed. */
  readonly found: string;
}

/**
 * Tells whether a comparison meets a condition. Throws HarnessError where the comparison has no such figure: a gate that
 * can not be judged must not pass.
 */
export function judgeCondition(condition: Condition, comparison: Comparison): Outcome {
  const agreed = namedAgreement(condition.figure);
  if (agreed !== undefined) {
    const value = agreementValue(condition.text, agreed, comparison);
    return { met: holds(condition, value, limitOf(condition)), found: agreed.figure.format(value) };
  }
  return condition.figure.startsWith("latency.")
    ? judgeLatency(condition, comparison)
    : judgeFigure(condition, comparison);
}

/** Returns the number of a condition, a share where it is written in %. */
function limitOf({ unit, value }: Condition): number {
  return unit === "%" ? value / 100 : value;
}

/** A condition that holds for a comparison; `run` is the id of its side B. */
interface MetCondition {
  readonly condition: Condition;
  readonly run: string;
  readonly found: string;
}

/** Returns the conditions that hold, comparison by comparison. Throws HarnessError where one can not be judged. */
export function metConditions(
  conditions: readonly Condition[],
  comparisons: readonly Comparison[],
): readonly MetCondition[] {
  return comparisons.flatMap((comparison) =>
    conditions.flatMap((condition) => {
      const { met, found } = judgeCondition(condition, comparison);
      return met ? [{ condition, run: comparison.b.id, found }] : [];
    }),
  );
}

function judgeFigure(condition: Condition, comparison: Comparison): Outcome {
  const { figure: name, of } = condition;
  const figure = comparison.figures.find((each) => each.figure === name);
  if (figure === undefined) throw unknown("figure in --fail-if", name, figureNames(comparison));
  const found = of === "p" ? figure.adjustedP : of === "difference" ? figure.difference.value : figure.difference[of];
  if (found === undefined) throw noSuchBound(condition);
  if (figure.unit !== "fraction" && condition.unit === "%")
    throw malformed(condition.text, `${name} is in ${unitForms[figure.unit].sign}, not in %`);
  const told = `${differenceText(found, figure.unit, 1)} ${unitForms[figure.unit].differenceSign}`;
  const text = of === "p" ? `p ${pValue(found)}` : `${of} ${told}`;
  return { met: holds(condition, found, limitOf(condition)), found: text };
}

function judgeLatency(condition: Condition, comparison: Comparison): Outcome {
  const { figure: name, of, unit, value } = condition;
  const found = comparison.latency?.stages.find(({ stage }) => `latency.${stage}` === name);
  if (found === undefined) throw unknown("figure in --fail-if", name, figureNames(comparison));
  if (comparison.latency?.measured === "apart") {
    throw new HarnessError(`--fail-if "${condition.text}": the two runs were not timed in one session`, {
      hint: "--rounds 20 measures both here by turns",
    });
  }
  if (unit === "ms") {
    const differenceMs = found.bMs - found.aMs;
    return { met: holds(condition, differenceMs, value), found: `difference ${milliseconds(differenceMs)} ms` };
  }
  const ratio = of === "low" || of === "high" ? found.ratio[of] : found.ratio.value;
  if (ratio === undefined) throw noSuchBound(condition);
  return { met: holds(condition, ratio - 1, value / 100), found: `${of} ${change(ratio)} %` };
}

function noSuchBound({ text, of }: Condition): HarnessError {
  return new HarnessError(`--fail-if "${text}": the figure has no ${of}`, {
    hint: "one image, or one round, has no interval",
  });
}

function figureNames(comparison: Comparison): readonly string[] {
  const { figures, latency } = comparison;
  const stages = (latency?.stages ?? []).map(({ stage }) => `latency.${stage}`);
  return [...agreementNames(comparison), ...figures.map(({ figure }) => figure), ...stages];
}

function holds({ comparator }: Condition, found: number, value: number): boolean {
  switch (comparator) {
    case "<":
      return found < value;
    case "<=":
      return found <= value;
    case ">":
      return found > value;
    case ">=":
      return found >= value;
  }
}
