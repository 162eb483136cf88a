import { HarnessError, unknown } from "../errors.ts";
import { providers } from "../onnx/index.ts";
import { processor } from "../store/rowName.ts";
import type { ChosenVariant } from "./weights.ts";

/** Providers that other builds of ONNX Runtime carry, and where these are. */
const elsewhere: Readonly<Record<string, string>> = {
  coreml: "macOS",
  dml: "Windows",
  cuda: "Linux on x64",
  tensorrt: "Linux on x64",
  qnn: "Windows on arm64",
};

/**
 * Returns the providers of `--provider A,B`, in their order. Throws HarnessError for one that is unknown, that stands twice, or
 * that this build of ONNX Runtime does not carry; whether its libraries are installed shows when a session is opened.
 */
export function providersOf(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  // Every build has the processor's: its library is not loaded to find that out.
  const known = names.every((name) => name === processor) ? [processor] : providers();
  for (const [place, name] of names.entries()) {
    if (names.indexOf(name) < place)
      throw new HarnessError(`--provider: ${name} stands twice`, { hint: "name each provider once" });
    if (!known.includes(name)) throw notCarried(name, known);
  }
  return names;
}

function notCarried(name: string, known: readonly string[]): HarnessError {
  const place = Object.hasOwn(elsewhere, name) ? elsewhere[name] : undefined;
  if (place === undefined) return unknown("provider", name, known, "--provider cpu, or several: --provider cpu,webgpu");
  return new HarnessError(`--provider ${name}: this build of ONNX Runtime does not carry it`, {
    found: known.join(", "),
    hint: `the build for ${place} does; here leave it out`,
  });
}

/**
 * Returns each variant once for each provider, the rows of one variant together. A floor has no graph, and a program chooses its
 * device by itself: these are measured once, beside the processor.
 */
export function onProviders(chosen: readonly ChosenVariant[], names: readonly string[]): readonly ChosenVariant[] {
  return chosen.flatMap((each) => (hasGraphs(each) ? names.map((provider) => ({ ...each, provider })) : [each]));
}

function hasGraphs({ variant }: ChosenVariant): boolean {
  return variant.preset.role !== "floor" && variant.external === undefined;
}
