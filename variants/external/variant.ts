import type { VariantPlugin } from "../../harness/api.ts";
import { presetOf, processOf } from "./presets.ts";

/** Other people's programs as variants: ids with a setting alone, so that `all` starts none of them. */
export default {
  presets: [],
  presetOf,
  processOf,
  async build({ preset }) {
    throw new Error(`${preset.id}: another process answers, nothing is built`);
  },
  async load(_graphs, _runtime, { id }) {
    throw new Error(`${id}: another process answers, nothing is loaded`);
  },
} satisfies VariantPlugin;
