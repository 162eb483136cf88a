import type { HarnessError } from "../../errors.ts";
import { type Fault, faultError } from "./fields.ts";

interface Reason {
  count: number;
  readonly element: string;
  readonly fault: Fault;
}

/** Annotations that a reader left out for one purpose, as data that can be stored and handed to another thread. */
export interface Losses {
  /**
   * Warnings such as `instances.json: 2 of 36781 annotations left out: empty polygon, such as annotation 17, segmentation[0].
   * Mend …`
   */
  readonly warnings: readonly string[];
  /** Present where no annotation can be read, all for the same kind of reason: the file then has another schema. */
  readonly unreadable?: { readonly element: string; readonly fault: Fault; readonly annotations: number };
}

const schemaFaults: ReadonlySet<string> = new Set(["missing field", "wrong type", "not an object"]);

/** Counts the annotations that a reader leaves out, and those that are odd, by problem. It remembers the first of each. */
export class LossCount {
  private readonly reasons = new Map<string, Reason>();
  private readonly oddities = new Map<string, Reason>();

  constructor(private readonly file: string) {}

  /** Counts `count` annotations that have the fault; `element` is the first of them. */
  leaveOut(element: string, fault: Fault, count = 1): void {
    addTo(this.reasons, element, fault, count);
  }

  /** Counts an annotation that is read although it is odd. */
  note(element: string, oddity: Fault): void {
    addTo(this.oddities, element, oddity, 1);
  }

  losses(annotations: number): Losses {
    const leftOut = [...this.reasons.values()];
    const warnings = [
      ...leftOut.map((reason) =>
        this.sentence(reason, annotations, "left out", "Mend the file, or read n as without them."),
      ),
      ...[...this.oddities.values()].map((reason) =>
        this.sentence(reason, annotations, "are odd", "They are taken as pycocotools takes them."),
      ),
    ];
    const all = leftOut.reduce((sum, { count }) => sum + count, 0);
    const [first] = leftOut;
    // One reason of this kind for every annotation is another schema, not a slip.
    if (first === undefined || all < annotations || !schemaFaults.has(first.fault.problem)) return { warnings };
    return { warnings, unreadable: { element: first.element, fault: first.fault, annotations } };
  }

  private sentence({ count, element, fault }: Reason, annotations: number, what: string, advice: string): string {
    const facts = [
      fault.found === undefined ? "" : `found ${fault.found}`,
      fault.expected === undefined ? "" : `expected ${fault.expected}`,
    ].filter((fact) => fact !== "");
    const details = facts.length > 0 ? ` (${facts.join(", ")})` : "";
    return (
      `${this.file}: ${count} of ${annotations} annotations ${what}: ${fault.problem}, ` +
      `such as ${element}, ${fault.field}${details}. ${advice}`
    );
  }
}

/** Throws HarnessError where nothing of the file can be read for this purpose. */
export function requireReadable(file: string, { unreadable }: Losses): void {
  if (unreadable === undefined) return;
  throw unreadableError(file, unreadable);
}

function unreadableError(
  file: string,
  { element, fault, annotations }: NonNullable<Losses["unreadable"]>,
): HarnessError {
  return faultError(file, `none of ${annotations} annotations can be read: ${element}`, fault);
}

function addTo(reasons: Map<string, Reason>, element: string, fault: Fault, count: number): void {
  const reason = reasons.get(fault.problem);
  if (reason === undefined) reasons.set(fault.problem, { count, element, fault });
  else reason.count += count;
}
