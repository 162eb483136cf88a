import type { RunReport } from "../results/report.ts";
import { providerParts } from "../store/rowName.ts";
import type { StepOutcome } from "./runSteps.ts";

const defaults = {
  /** A row agrees with the processor where its outputs differ by at most this share of their std. */
  agreesWithin: 1e-3,
};

/** A sentence about what was checked, and whether it holds. */
export interface Verdict {
  readonly holds: boolean;
  readonly text: string;
}

/** Says of each step and of each row on the provider whether it holds. */
export function verdictsOf(
  outcomes: readonly StepOutcome[],
  reports: readonly RunReport[],
  provider: string,
): readonly Verdict[] {
  const steps = outcomes.map(({ title, state, message }): Verdict => {
    return { holds: state === "held", text: message === undefined ? title : `${title}: ${message}` };
  });
  const rows = reports.filter(({ variant }) => providerParts(variant).provider === provider);
  return [...steps, ...rows.map(rowVerdict)];
}

function rowVerdict({ variant, providerError, status }: RunReport): Verdict {
  if (providerError === undefined)
    return { holds: false, text: `${variant}: not compared with the processor (${status})` };
  const { encode, decode = 0 } = providerError;
  const largest = Math.max(encode, decode);
  const holds = largest <= defaults.agreesWithin;
  const text = `${variant}: ${holds ? "agrees with" : "differs from"} the processor, off by ${Number(largest.toPrecision(2))} of the std at most`;
  return { holds, text };
}

/** Writes what held and what did not, a line each. */
export function verdictText(verdicts: readonly Verdict[]): string {
  return verdicts.map(({ holds, text }) => `${holds ? "holds" : "does not hold"}  ${text}`).join("\n");
}
