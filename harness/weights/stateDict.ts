/** Finds the state dict in what a file holds: at the top, nested in a training checkpoint, or inside a whole module. */

import { HarnessError } from "../errors.ts";
import { printable } from "./damage.ts";
import { isModule, moduleStateDict } from "./modules.ts";
import { describeKind, isKind, type PickleRecord, type PickleValue } from "./pickleValue.ts";
import { isTensor } from "./rebuild.ts";

export interface StateDict<T> {
  /** Where the tensors were, for people: "", "model", "module.", "model / module.". */
  readonly nesting: string;
  readonly tensors: ReadonlyMap<string, T>;
}

/** In this order, where a file has several: the weights themselves before their average. */
const nestedKeys = ["model", "state_dict", "model_state", "ema"];
const deepestNesting = 4;

/** Throws HarnessError if there is no tensor where a state dict could be. */
export function findStateDict(root: PickleValue, label: string): StateDict<PickleRecord> {
  const found = search(root, [], { label, seen: new Set() });
  if (found !== undefined) return stripDataParallel(found);
  throw new HarnessError(`${label}: holds no state dict`, {
    found: isKind(root, "dict") ? `keys ${keysOf(root.entries)}` : describeKind(root),
    expected: `tensors by name, at the top or under ${nestedKeys.join(", ")}`,
    hint: "save model.state_dict() and use that file",
  });
}

/** DataParallel and DistributedDataParallel put `module.` before every name. */
export function stripDataParallel<T>({ nesting, tensors }: StateDict<T>): StateDict<T> {
  const names = [...tensors.keys()];
  if (names.length === 0 || !names.every((name) => name.startsWith("module."))) return { nesting, tensors };
  return {
    nesting: nesting === "" ? "module." : `${nesting} / module.`,
    tensors: new Map([...tensors].map(([name, tensor]) => [name.slice("module.".length), tensor])),
  };
}

interface Context {
  readonly label: string;
  /** A dict may contain itself. */
  readonly seen: Set<PickleValue>;
}

/** A nested state dict goes before tensors at the top: those are a training checkpoint's losses and counters. */
function search(value: PickleValue, path: readonly string[], context: Context): StateDict<PickleRecord> | undefined {
  if (isModule(value)) return ifAny(moduleStateDict(value, context.label), path);
  if (!isKind(value, "dict") || path.length > deepestNesting || context.seen.has(value)) return undefined;
  context.seen.add(value);
  for (const key of nestedKeys) {
    const nested = value.entries.get(key);
    const found = nested === undefined ? undefined : search(nested, [...path, key], context);
    if (found !== undefined) return found;
  }
  const tensors = [...value.entries].filter(
    (entry): entry is [string, PickleRecord] => typeof entry[0] === "string" && isTensor(entry[1]),
  );
  return ifAny(new Map(tensors), path);
}

function ifAny(tensors: Map<string, PickleRecord>, path: readonly string[]): StateDict<PickleRecord> | undefined {
  return tensors.size === 0 ? undefined : { nesting: path.join(" / "), tensors };
}

function keysOf(entries: ReadonlyMap<PickleValue, PickleValue>): string {
  const keys = [...entries.keys()].filter((key) => typeof key === "string").map(printable);
  return `${keys.slice(0, 6).join(", ")}${keys.length > 6 ? ", …" : ""}`;
}
