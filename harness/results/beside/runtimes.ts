import { HarnessError } from "../../errors.ts";
import { wasmProvider, webgpuProvider } from "../../onnx/providers/web.ts";
import { type Registry, variantOf } from "../../plan/plugins/registry.ts";
import { nameOnProcessor, processor, providerParts, rowNameParts } from "../../store/rowName.ts";
import type { SoundRun } from "../storedRuns.ts";
import { newestOf, questionOf, type RunsBeside } from "./runsBeside.ts";

/** Providers of a page that every machine with a browser has. */
const ofPages = [wasmProvider(1), webgpuProvider];

/**
 * Returns the newest run of a model on the processor and the runs of the same weights, data and protocols on other providers, pages of a
 * browser among them. `model` is an id, or a row's name with the checkpoint's own name in it. Throws HarnessError for a name with a
 * provider, and where no run on the processor is stored, because every other one is compared with it.
 */
export function runtimeRuns(runs: readonly SoundRun[], model: string, registry: Registry): RunsBeside {
  const { row, provider } = providerParts(model);
  if (provider !== processor)
    throw new HarnessError("--runtimes: finds the providers of a row by itself", { found: model, expected: row });
  // Throws for a model that nobody knows.
  variantOf(registry, rowNameParts(model)?.variant ?? model);
  const named = runs.filter(({ facts: { variant } }) => nameOnProcessor(variant) === model);
  const first = newestOf(named.filter(({ facts }) => facts.runtime.provider === processor));
  if (first === undefined) throw noneOnProcessor(model);
  const question = questionOf(first.facts);
  const others = named.filter(({ facts }) => facts.runtime.provider !== processor && questionOf(facts) === question);
  const measured = new Set(others.map(({ facts }) => facts.runtime.provider));
  return { first, others, missing: ofPages.filter((each) => !measured.has(each)) };
}

function noneOnProcessor(model: string): HarnessError {
  return new HarnessError(`--runtimes ${model}: no finished run of it on the processor`, {
    expected: "one that the other runtimes are compared with",
    hint: `bench run --variants ${model} --runtime node,web`,
  });
}
