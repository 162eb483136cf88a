/** This room brings published files: it resumes downloads, checks size and hash, unpacks, and stores each file under its id. */

export type { PullRecord } from "../store/pulled/pullRecord.ts";
export { expectedHashes } from "./expectedHashes.ts";
export { type Arrival, arrivalsOf, type InventoryEntry, inventoryOf } from "./inventory.ts";
export type { PullItem } from "./place.ts";
export { type PullOptions, pull } from "./pull.ts";
export { removePulled, stateOf } from "./pullFolder.ts";
export { pullSeveral } from "./several.ts";
export { requireAccepted } from "./terms.ts";
