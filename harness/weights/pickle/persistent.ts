/** The persistent ids by which torch.save refers to storages. Source: torch/serialization.py. */

import { HarnessError } from "../../errors.ts";
import { isKind, type PickleStorage, type PickleValue } from "./pickleValue.ts";

/**
 * Reads a persistent id. A storage's is ("storage", class, key, location, elements), in legacy files with a sixth item: None, or
 * the storage's place in a larger one. A module's id, ("module", module, source file, source), is the module. Throws
 * HarnessError for others.
 */
export function storageOf(id: PickleValue, label: string): PickleValue {
  const items = isKind(id, "tuple") ? id.items : [];
  const [tag, type, key, , count, view] = items;
  if (tag === "module" && type !== undefined) return type;
  if (tag !== "storage" || !isKind(type, "global") || !isKey(key) || !isCount(count)) {
    throw new HarnessError(`${label}: the pickle refers to a storage in an unknown way`, {
      hint: "the file is damaged, or not written by torch.save",
    });
  }
  return { kind: "storage", className: type.name, key: String(key), count, ...viewOf(view) };
}

function viewOf(view: PickleValue | undefined): Pick<PickleStorage, "view"> {
  if (!isKind(view, "tuple")) return {};
  const [, offset, count] = view.items;
  return isCount(offset) && isCount(count) ? { view: { offset, count } } : {};
}

/** Python 2 wrote numbers. */
function isKey(key: PickleValue | undefined): key is string | number | bigint {
  return typeof key === "string" || typeof key === "number" || typeof key === "bigint";
}

function isCount(count: PickleValue | undefined): count is number {
  return Number.isSafeInteger(count) && (count as number) >= 0;
}
