import type { Fault } from "./fields.ts";

interface Reason {
  count: number;
  readonly element: string;
  readonly fault: Fault;
}

/** Counts the annotations that a reader leaves out, by problem, and remembers the first of each. */
export class LeftOut {
  private readonly reasons = new Map<string, Reason>();

  constructor(private readonly file: string) {}

  /** `count` of them have the fault; `element` is the first. */
  add(element: string, fault: Fault, count = 1): void {
    const reason = this.reasons.get(fault.problem);
    if (reason === undefined) this.reasons.set(fault.problem, { count, element, fault });
    else reason.count += count;
  }

  count(): number {
    return [...this.reasons.values()].reduce((sum, reason) => sum + reason.count, 0);
  }

  first(): (Fault & { readonly element: string }) | undefined {
    const [reason] = this.reasons.values();
    return reason === undefined ? undefined : { ...reason.fault, element: reason.element };
  }

  /** `instances.json: 2 of 36781 annotations left out: empty polygon, such as annotation 17, segmentation[0]. Mend them, …` */
  warnings(annotationCount: number): readonly string[] {
    return [...this.reasons.values()].map(({ count, element, fault }) => {
      const facts = [
        fault.found === undefined ? "" : `found ${fault.found}`,
        fault.expected === undefined ? "" : `expected ${fault.expected}`,
      ].filter((fact) => fact !== "");
      const details = facts.length > 0 ? ` (${facts.join(", ")})` : "";
      return (
        `${this.file}: ${count} of ${annotationCount} annotations left out: ${fault.problem}, ` +
        `such as ${element}, ${fault.field}${details}. Mend the file, or read n as without them.`
      );
    });
  }
}
