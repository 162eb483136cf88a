/** Brings published files: resumed, checked by size and hash, unpacked, kept by id. */

export type { PullRecord } from "../store/pullRecord.ts";
export { expectedHashes } from "./expectedHashes.ts";
export { type Client, openClient } from "./http.ts";
export { type Arrival, arrivalsOf, type InventoryEntry, inventoryOf } from "./inventory.ts";
export type { PullItem } from "./place.ts";
export { type PullOptions, pull, pulledBefore } from "./pull.ts";
export { type PullObserver, pullSeveral } from "./several.ts";
export { pathsOf, removePulled, type ShelfState, stateOf } from "./shelf.ts";
