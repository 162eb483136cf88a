import { HarnessError, unknown } from "../errors.ts";
import { providers } from "../onnx/index.ts";
import { isWeb, wasmProvider } from "../onnx/providers/web.ts";
import { processor } from "../store/rowName.ts";
import type { ChosenVariant } from "./models/weights.ts";

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
  const known = names.every((name) => name === processor || isWeb(name)) ? [processor] : providers();
  for (const [place, name] of names.entries()) {
    if (names.indexOf(name) < place)
      throw new HarnessError(`--provider: ${name} stands twice`, { hint: "name each provider once" });
    if (!known.includes(name) && !isWeb(name)) throw notCarried(name, known);
  }
  return names;
}

interface RuntimeFlags {
  readonly runtime?: string | undefined;
  readonly provider?: string | undefined;
}

/**
 * Returns the providers of `--runtime`, in its order: for `node` those of `--provider`, and for `web` WebAssembly with one thread and
 * with all that the plan has. Throws HarnessError as providersOf, and for a runtime that is unknown.
 */
export function plannedProviders(
  { runtime = "node", provider = processor }: RuntimeFlags,
  threads: number,
): readonly string[] {
  const names = runtime.split(",").map((name) => name.trim());
  const other = names.find((name) => !isRuntime(name));
  if (other !== undefined) throw unknown("runtime", other, runtimes, "--runtime web, or both: --runtime node,web");
  if (!names.includes("node") && provider !== processor)
    throw new HarnessError("--provider: names providers of the runtime for Node, and it is not asked for", {
      found: `--runtime ${runtime} --provider ${provider}`,
      hint: "--runtime node,web measures both; or leave --provider out",
    });
  const inPages = [...new Set([1, threads])].map(wasmProvider);
  return [...new Set(names)].flatMap((name) => (name === "node" ? providersOf(provider) : inPages));
}

const runtimes = ["node", "web"] as const;

function isRuntime(name: string): name is (typeof runtimes)[number] {
  return runtimes.some((known) => known === name);
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
