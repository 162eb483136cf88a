import type { ProviderState } from "../estimate/machine.ts";
import { processor } from "../store/rowName.ts";

/** Providers in the order in which one is chosen, where none is named: those of a maker's own libraries come first, and TensorRT, which builds engines, after CUDA. */
const order = ["cuda", "tensorrt", "coreml", "dml", "webgpu"];

/** Returns the provider to check: the one that is named, or the best that opens a graph here; nothing where none does. */
export function providerToCheck(states: readonly ProviderState[], named: string | undefined): string | undefined {
  const usable = states.filter(({ name, usable }) => usable && name !== processor).map(({ name }) => name);
  if (named !== undefined) return usable.includes(named) ? named : undefined;
  return order.find((name) => usable.includes(name)) ?? usable[0];
}

/** Says of each provider that was tried why it opens no graph. */
export function triedLines(states: readonly ProviderState[], named: string | undefined): readonly string[] {
  const tried = states.filter(({ name }) => name !== processor && (named === undefined || name === named));
  const others =
    named !== undefined && tried.length === 0 ? [`${named}: this build of ONNX Runtime does not carry it`] : [];
  return [...others, ...tried.map(({ name, problem }) => `${name}: ${problem ?? "opens no graph"}`)];
}
