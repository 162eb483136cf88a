/** Holds what each call of one checkout printed, or wrote, in their order. */
export interface Outputs {
  readonly name: string;
  readonly outs: readonly string[];
}

const defaults = {
  /** Characters on either side of the first difference that are shown. */
  shown: 15,
};

/** Returns the first output that is not that of the first call of all; nothing where all are equal. */
export function differingOutput(all: readonly Outputs[]): Output | undefined {
  const [first] = all.flatMap(outputsOf);
  return all.flatMap(outputsOf).find(({ out }) => out !== first!.out);
}

/** Says whether all calls gave the same, or where the first two that did not part. The title has seven characters. */
export function outputText(title: string, all: readonly Outputs[]): string {
  const outputs = all.flatMap(outputsOf);
  const first = outputs[0]!;
  const other = differingOutput(all);
  if (other === undefined) return `${title} equal in all ${outputs.length} calls (${first.out.length} characters)`;
  const at = firstDifference(first.out, other.out);
  const line = first.out.slice(0, at).split("\n").length;
  const shown = [first, other].map(({ name, out }) => `${name} ${excerpt(out, at)}`);
  return `${title} differs, first in line ${line}: ${shown.join(", ")}`;
}

interface Output {
  readonly name: string;
  readonly out: string;
}

function outputsOf({ name, outs }: Outputs): readonly Output[] {
  return outs.map((out, call) => ({ name: `${name} (call ${call + 1})`, out }));
}

function firstDifference(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}

function excerpt(text: string, at: number): string {
  return JSON.stringify(text.slice(Math.max(0, at - defaults.shown), at + defaults.shown));
}
