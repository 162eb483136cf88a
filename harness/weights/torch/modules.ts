/** Whole modules in a pickle, as torch.save(model) writes them: their state dict, without ever making the module. */

import { HarnessError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { damaged, printable } from "../damage.ts";
import type { Budget } from "../pickle/budget.ts";
import { isKind, isRecord, type PickleDict, type PickleRecord, type PickleValue } from "../pickle/pickleValue.ts";
import { isTensor } from "./tensorCall.ts";

export function isModule(value: PickleValue | undefined): value is PickleRecord & { state: PickleDict } {
  return isRecord(value) && isKind(value.state, "dict") && isKind(value.state.entries.get("_modules"), "dict");
}

/**
 * Names as Module.state_dict gives them: the path of submodules, then the parameter or buffer; parameters first.
 * Modules may share others; each place is charged. Throws HarnessError for modules that contain themselves.
 */
export function moduleStateDict(
  module: PickleRecord & { state: PickleDict },
  { label, budget }: { readonly label: string; readonly budget: Budget },
): Map<string, PickleRecord> {
  const found = new Map<string, PickleRecord>();
  const waiting = [{ module, prefix: "" }];
  while (waiting.length > 0) {
    const { module: current, prefix } = waiting.pop()!;
    budget.charge(1 + memberCount(current.state));
    if (prefix.length > limits.tensorName) {
      throw new HarnessError(`${label}: its modules contain one another without end`, {
        hint: "save model.state_dict() alone and use that",
      });
    }
    for (const [name, tensor] of ownTensors(current.state)) {
      if (prefix.length + name.length > limits.tensorName) throw longName(label, prefix + name.slice(0, 100));
      found.set(prefix + name, tensor);
    }
    const children = childrenOf(current.state).map(([name, child]) => ({ module: child, prefix: `${prefix}${name}.` }));
    waiting.push(...children.reverse());
  }
  return found;
}

function longName(label: string, name: string): HarnessError {
  return damaged(`${label}: the name of weight ${printable(name)} is too long`, {
    expected: `at most ${limits.tensorName} characters`,
  });
}

function memberCount({ entries }: PickleDict): number {
  const members = ["_parameters", "_buffers", "_modules"].map((kind) => entries.get(kind));
  return members.filter((member) => isKind(member, "dict")).reduce((sum, { entries }) => sum + entries.size, 0);
}

/** Buffers that a module leaves out of its state dict are left out here. */
function ownTensors({ entries }: PickleDict): [string, PickleRecord][] {
  const skipped = entries.get("_non_persistent_buffers_set");
  const hidden = new Set(isKind(skipped, "set") ? skipped.items : []);
  return ["_parameters", "_buffers"].flatMap((kind) => {
    const members = entries.get(kind);
    if (!isKind(members, "dict")) return [];
    return [...members.entries].filter(
      (member): member is [string, PickleRecord] =>
        typeof member[0] === "string" && isTensor(member[1]) && !hidden.has(member[0]),
    );
  });
}

function childrenOf({ entries }: PickleDict): [string, PickleRecord & { state: PickleDict }][] {
  const children = entries.get("_modules");
  if (!isKind(children, "dict")) return [];
  return [...children.entries].filter(
    (child): child is [string, PickleRecord & { state: PickleDict }] =>
      typeof child[0] === "string" && isModule(child[1]),
  );
}
