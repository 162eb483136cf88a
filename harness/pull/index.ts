/** Brings published files: resumed, checked by size and hash, unpacked, kept by id. */

export { type Client, openClient } from "./http.ts";
export type { PullItem } from "./place.ts";
export { type PullOptions, pull } from "./pull.ts";
export { type PullRecord, pathsOf, removePulled, type ShelfState, stateOf } from "./shelf.ts";
