import { HarnessError } from "../../errors.ts";
import { visible } from "../../visible.ts";
import { ChannelError, type Message } from "./messages.ts";

const defaults = {
  /** Characters of a process's own reason that an error shows. */
  reasonShown: 300,
};

export interface Question {
  readonly call: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly frames?: readonly Uint8Array[];
  /** Bytes of each frame of the answer. */
  readonly expects?: readonly number[];
}

/** The answer that is waited for. */
interface Due {
  readonly id: number;
  readonly call: string;
  readonly expects: readonly number[];
}

/** Throws ChannelError for an answer to another question, and for other frames than are due, before a byte of them is read. */
export function requireFrames(answer: Message["fields"], lengths: readonly number[], { id, call, expects }: Due): void {
  if (answer.id !== id)
    throw new ChannelError(`${call}: an answer to another question, ${String(answer.id)} and not ${id}`);
  const due = answer.ok === true ? expects : [];
  if (lengths.length !== due.length || lengths.some((length, i) => length !== due[i]))
    throw new ChannelError(`${call}: frames of ${listed(lengths)} bytes are announced, and ${listed(due)} are due`);
}

function listed(lengths: readonly number[]): string {
  if (lengths.length === 0) return "no";
  return lengths.length > 4 ? `${lengths.slice(0, 4).join(", ")}, … (${lengths.length})` : lengths.join(", ");
}

/** Returns the error of a process that says it can not, in its own words. */
export function refusal(variant: string, call: string, { error, hint }: Message["fields"]): HarnessError {
  const text = (value: unknown) => visible(String(value).slice(0, defaults.reasonShown));
  return new HarnessError(`${variant}: ${call}: ${typeof error === "string" ? text(error) : "it gives no reason"}`, {
    hint: typeof hint === "string" ? text(hint) : undefined,
  });
}
