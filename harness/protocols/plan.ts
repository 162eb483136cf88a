import type { Capability, PromptPass, Protocol } from "../api.ts";
import { HarnessError, unknown } from "../errors.ts";

const defaults = { prompts: "box,1p,3p" };

/** A prompts name, which rows carry, and the one protocol that it stands for in a run. */
export interface PlannedPrompts {
  readonly prompts: string;
  readonly protocol: Protocol;
}

/** A pass with only the steps that the plan asks for: decoding ends with the last of them. */
export interface PlannedPass {
  readonly protocol: Protocol;
  readonly pass: PromptPass;
}

/** The two flags as the user typed them; several names are separated by commas. */
export interface PromptFlags {
  /** `--prompts box,1p,3p` */
  readonly prompts?: string | undefined;
  /** `--protocol miou-ritm-clicks` */
  readonly protocol?: string | undefined;
}

/**
 * Returns what a run prompts. With prompts alone, each name stands for the first protocol that defines it. With a protocol
 * alone, all its prompts are planned; with both, those prompts of that protocol; with neither, box, 1p, 3p.
 * Throws HarnessError for unknown names, and where one name would stand for two protocols.
 */
export function planPrompts(protocols: readonly Protocol[], flags: PromptFlags): readonly PlannedPrompts[] {
  const chosen =
    flags.protocol === undefined
      ? protocols
      : listOf("--protocol", flags.protocol).map((id) => protocolIn(protocols, id));
  if (flags.prompts === undefined && flags.protocol !== undefined) return distinct(chosen.flatMap(everyName));
  const names = listOf("--prompts", flags.prompts ?? defaults.prompts);
  const plan = names.map((prompts) => {
    const protocol = chosen.find((each) => promptsOf(each).includes(prompts));
    if (protocol === undefined) throw undefinedPrompts(prompts, chosen);
    return { prompts, protocol };
  });
  const idle =
    flags.protocol === undefined ? undefined : chosen.find((each) => !plan.some(({ protocol }) => protocol === each));
  if (idle === undefined) return plan;
  throw new HarnessError(`--prompts: none of protocol ${idle.id}`, {
    found: names.join(", "),
    expected: promptsOf(idle).join(", "),
  });
}

/** Returns the passes that a plan needs, each once: 1c and 5c are one pass of five steps. */
export function passesOf(plan: readonly PlannedPrompts[]): readonly PlannedPass[] {
  const protocols = [...new Set(plan.map(({ protocol }) => protocol))];
  return protocols.flatMap((protocol) => {
    const wanted = new Set(plan.filter((each) => each.protocol === protocol).map(({ prompts }) => prompts));
    return protocol.passes
      .map((pass) => ({ ...pass, scored: pass.scored.filter(({ prompts }) => wanted.has(prompts)) }))
      .filter(({ scored }) => scored.length > 0)
      .map((pass) => ({ protocol, pass }));
  });
}

/** Returns the protocol of an id. Throws HarnessError with the nearest id. */
export function protocolIn(protocols: readonly Protocol[], id: string): Protocol {
  const protocol = protocols.find((each) => each.id === id);
  if (protocol !== undefined) return protocol;
  throw unknown(
    "protocol",
    id,
    protocols.map((each) => each.id),
  );
}

/** Returns the prompts names that a protocol defines, in its own order. */
export function promptsOf(protocol: Protocol): readonly string[] {
  return [...new Set(protocol.passes.flatMap(({ scored }) => scored.map(({ prompts }) => prompts)))];
}

/** Returns what some prompts of a protocol need of a variant: what the protocol needs, and what their own pass does. */
export function needsOf({ protocol, prompts }: PlannedPrompts): readonly Capability[] {
  const own = protocol.passes.filter(({ scored }) => scored.some((step) => step.prompts === prompts));
  return [...new Set([...protocol.needs, ...own.flatMap(({ needs = [] }) => needs)])];
}

function everyName(protocol: Protocol): PlannedPrompts[] {
  return promptsOf(protocol).map((prompts) => ({ prompts, protocol }));
}

/**
 * Returns the plan. Throws HarnessError where two protocols define one name, because rows and tables know prompts by name
 * alone.
 */
function distinct(plan: readonly PlannedPrompts[]): readonly PlannedPrompts[] {
  for (const [i, { prompts, protocol }] of plan.entries()) {
    const other = plan.slice(0, i).find((each) => each.prompts === prompts);
    if (other === undefined) continue;
    throw new HarnessError(`--protocol: two protocols define the prompts ${prompts}`, {
      found: [other.protocol.id, protocol.id],
      expected: "one protocol a name",
      hint: "measure them in two runs",
    });
  }
  return plan;
}

function undefinedPrompts(name: string, chosen: readonly Protocol[]): HarnessError {
  const [only, ...others] = chosen;
  const kind = only !== undefined && others.length === 0 ? `prompts of ${only.id}` : "prompts";
  return unknown(kind, name, [...new Set(chosen.flatMap(promptsOf))]);
}

function listOf(flag: string, text: string): readonly string[] {
  const names = text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (names.length > 0) return [...new Set(names)];
  throw new HarnessError(`${flag}: names nothing`, { expected: "names set apart by commas" });
}
