import type { VariantPlugin } from "../../harness/api.ts";
import { adapters } from "./adapters.ts";
import { presetOf, processOf } from "./presets.ts";

/** Other people's programs as variants: ids with a setting alone, so that `all` starts none of them. */
export default {
  presets: [],
  presetOf,
  processOf,
  programs: adapters.map(({ method, presets, packages }) => ({
    method,
    presets: presets.map(({ id }) => id),
    packages,
  })),
  async build({ preset }) {
    throw new Error(`${preset.id}: another process answers, nothing is built`);
  },
  async load(_graphs, _runtime, { id }) {
    throw new Error(`${id}: another process answers, nothing is loaded`);
  },
} satisfies VariantPlugin;
