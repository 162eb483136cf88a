/** Finds the state dict in what a file holds: at the top, nested in a training checkpoint, or inside a whole module. */

import { HarnessError } from "../../errors.ts";
import { printable } from "../damage.ts";
import type { Budget } from "../pickle/budget.ts";
import { describeKind, isKind, type PickleRecord, type PickleValue } from "../pickle/pickleValue.ts";
import { isModule, moduleStateDict } from "./modules.ts";
import { isTensor } from "./tensorCall.ts";

export interface StateDict<T> {
  /** The place of the tensors, for people: "", "model", "module.", "model / module.". */
  readonly nesting: string;
  readonly tensors: ReadonlyMap<string, T>;
}

/** Keys are tried in this order where a file has several: the weights themselves come before their average. */
const nestedKeys = [
  "model",
  "state_dict",
  "model_state",
  "model_state_dict",
  "net",
  "params",
  "params_ema",
  "ema_state_dict",
  "ema",
];
const deepestNesting = 4;
/** Items of a tuple or list that are looked into: torch.save((weights, optimizer, step), file). */
const mostItems = 8;
/** Segments that wrappers put into names: DataParallel at their beginning, torch.compile wherever a module was compiled. */
const dataParallel = "module.";
const compiled = "_orig_mod.";

/** Throws HarnessError if there is no tensor where a state dict could be. */
export function findStateDict(
  root: PickleValue,
  { label, budget }: { readonly label: string; readonly budget: Budget },
): StateDict<PickleRecord> {
  const found = search(root, [], { label, budget, seen: new Set() });
  if (found !== undefined) return stripPrefixes(found);
  throw new HarnessError(`${label}: holds no state dict`, {
    found: isKind(root, "dict") ? `keys ${keysOf(root.entries)}` : describeKind(root),
    expected: `tensors by name, at the top or under ${nestedKeys.join(", ")}`,
    hint: "save model.state_dict() and use that file",
  });
}

/**
 * Takes off what wrappers add to names: `module.` where DataParallel or DistributedDataParallel put it before every
 * name, `_orig_mod.` where torch.compile wrapped the model or a part of it. Names that would become equal stay.
 */
export function stripPrefixes<T>(state: StateDict<T>): StateDict<T> {
  return withoutDataParallel(withoutCompiled(withoutDataParallel(state)));
}

function withoutDataParallel<T>(state: StateDict<T>): StateDict<T> {
  const names = [...state.tensors.keys()];
  if (names.length === 0 || !names.every((name) => name.startsWith(dataParallel))) return state;
  return renamed(state, dataParallel, (name) => name.slice(dataParallel.length));
}

function withoutCompiled<T>(state: StateDict<T>): StateDict<T> {
  const names = [...state.tensors.keys()];
  const plain = (name: string) => name.replace(/(^|\.)_orig_mod\./g, "$1");
  if (!names.some((name) => plain(name) !== name) || new Set(names.map(plain)).size < names.length) return state;
  return renamed(state, compiled, plain);
}

function renamed<T>({ nesting, tensors }: StateDict<T>, mark: string, rename: (name: string) => string): StateDict<T> {
  return {
    nesting: nesting === "" ? mark : `${nesting} / ${mark}`,
    tensors: new Map([...tensors].map(([name, tensor]) => [rename(name), tensor])),
  };
}

interface Context {
  readonly label: string;
  readonly budget: Budget;
  /** A dict or a list may contain itself. */
  readonly seen: Set<PickleValue>;
}

/** A nested state dict goes before tensors at the top: those are a training checkpoint's losses and counters. */
function search(value: PickleValue, path: readonly string[], context: Context): StateDict<PickleRecord> | undefined {
  if (isModule(value)) return ifAny(moduleStateDict(value, context), path);
  const inner = nestedIn(value);
  if (inner === undefined || path.length > deepestNesting || context.seen.has(value)) return undefined;
  context.seen.add(value);
  for (const [key, nested] of inner) {
    const found = search(nested, [...path, key], context);
    if (found !== undefined) return found;
  }
  if (!isKind(value, "dict")) return undefined;
  const tensors = [...value.entries].filter(
    (entry): entry is [string, PickleRecord] => typeof entry[0] === "string" && isTensor(entry[1]),
  );
  return ifAny(new Map(tensors), path);
}

/** Returns the places where a state dict may be nested, with words for each; nothing for a value that holds none. */
function nestedIn(value: PickleValue): readonly (readonly [string, PickleValue])[] | undefined {
  if (isKind(value, "tuple") || isKind(value, "list")) {
    const items: readonly PickleValue[] = value.items;
    return items.slice(0, mostItems).map((item, i) => [`[${i}]`, item]);
  }
  if (!isKind(value, "dict")) return undefined;
  return nestedKeys.flatMap((key) => {
    const nested = value.entries.get(key);
    return nested === undefined ? [] : [[key, nested] as const];
  });
}

function ifAny(tensors: Map<string, PickleRecord>, path: readonly string[]): StateDict<PickleRecord> | undefined {
  return tensors.size === 0 ? undefined : { nesting: path.join(" / "), tensors };
}

function keysOf(entries: ReadonlyMap<PickleValue, PickleValue>): string {
  const keys = [...entries.keys()].filter((key) => typeof key === "string").map(printable);
  return `${keys.slice(0, 6).join(", ")}${keys.length > 6 ? ", …" : ""}`;
}
