import type { OutputError } from "../../../build/verification/verification.ts";
import { plainTable } from "../plainTable.ts";

interface Verdict {
  readonly passed: boolean;
  readonly tolerance: number;
}

/** Writes what `bench verify` prints: one line for each output, and the verdict. */
export function verificationText(
  title: string,
  outputs: Readonly<Record<string, OutputError>>,
  { passed, tolerance }: Verdict,
): string {
  const rows = Object.entries(outputs).map(([name, { maxError, std, ratio }]) => [
    name,
    ...[maxError, std, ratio].map((value) => value.toExponential(2)),
    ratio <= tolerance ? "ok" : "off",
  ]);
  return [
    title,
    plainTable(["output", "max error", "std", "max error / std", ""], rows),
    passed ? `passed: all at most ${tolerance} of the std` : `failed: over ${tolerance} of the std`,
  ].join("\n");
}
