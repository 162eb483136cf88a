import { availableParallelism } from "node:os";
import type { GraphKind } from "../../api.ts";
import { type SharedInputs, sharedInputs } from "../../diff/inputs.ts";
import { photoInput } from "../../diff/photo.ts";
import type { DiffRequest } from "../../diff/request.ts";
import { type OpenedSide, openSide, type SideContext } from "../../diff/sides.ts";
import { HarnessError } from "../../errors.ts";
import { freeBytes } from "../../measure/environment.ts";
import { parseMemory } from "../../report/choose/limits.ts";
import { type Arguments, listOf, wholeNumber } from "./command.ts";

const defaults = {
  /** Share of the free memory that a process may take. */
  memory: 0.5,
};

export interface Sides {
  readonly a: OpenedSide;
  readonly b: OpenedSide;
}

/** Opens both sides, one after the other, because a build takes memory. Throws HarnessError where both are the same graph. */
export async function openSides(args: Arguments, context: SideContext): Promise<Sides> {
  const [graphA, graphB] = twoOf(args, "graph");
  const [providerA, providerB] = twoOf(args, "provider");
  const part = args.part as string;
  for (const graph of [graphA, graphB])
    if (graph !== "fused" && graph !== "reference")
      throw new HarnessError("--graph: no such graph", { found: graph, expected: "fused or reference" });
  const side = (operand: unknown, graph: string, provider: string) =>
    openSide({ operand: operand as string, graph: graph as GraphKind, part, provider }, context);
  const a = await side(args.a, graphA, providerA);
  const b = await side(args.b, graphB, providerB);
  if (a.signature.file === b.signature.file && providerA === providerB)
    throw new HarnessError(`${a.title}: both sides are this graph`, {
      found: a.signature.file,
      hint: "name two graphs: --graph fused,reference, or --provider cpu,webgpu",
    });
  return { a, b };
}

/** Reads one value for both sides, or two set apart by a comma. */
function twoOf(args: Arguments, flag: string): readonly [string, string] {
  const [first, second = first, ...more] = String(args[flag]).split(",");
  if (more.length > 0)
    throw new HarnessError(`--${flag}: one value, or one for each side`, {
      found: String(args[flag]),
      expected: "A,B",
    });
  return [first!, second!];
}

/** Returns the tolerance, the memory and the threads that the flags ask for. */
export function diffSettings(args: Arguments): Pick<DiffRequest, "tolerance" | "memoryBytes" | "threads"> {
  const tolerance = args.tolerance as number;
  if (!(tolerance > 0)) throw new HarnessError("--tolerance: must be above 0", { found: String(tolerance) });
  const memory = args.memory as string | undefined;
  return {
    tolerance,
    memoryBytes: memory === undefined ? defaults.memory * freeBytes() : parseMemory(memory, "--memory"),
    threads: args.threads === undefined ? availableParallelism() : wholeNumber(args, "threads", 1),
  };
}

/** Holds what both graphs are fed, and how texts name it. */
export interface DiffInputs {
  readonly inputs: SharedInputs;
  readonly described: string;
}

/** Returns the first photo where the graphs take one, else drawn values. Throws HarnessError where the graphs take other inputs. */
export async function diffInputs(args: Arguments, { a, b }: Sides): Promise<DiffInputs> {
  const dims = pairsOf(args, "dims").map(([name, value]) => {
    const number = Number(value);
    if (Number.isSafeInteger(number) && number > 0) return [name, number] as const;
    throw new HarnessError(`--dims ${name}=${value}: must be a whole number`, { expected: "at least 1" });
  });
  const renames = new Map(pairsOf(args, "rename"));
  const photo = await photoInput(a, b);
  const seed = args.seed as number;
  return {
    inputs: sharedInputs(a.signature, b.signature, {
      dims: new Map(dims),
      renames,
      seed,
      given: new Map(photo && [[photo.name, photo.tensor]]),
    }),
    described: photo === undefined ? `drawn, seed ${seed}` : `image ${photo.image} of ${photo.dataset}`,
  };
}

function pairsOf(args: Arguments, flag: string): readonly (readonly [string, string])[] {
  return listOf(args, flag)
    .flatMap((each) => each.split(","))
    .map((each) => pairOf(flag, each));
}

function pairOf(flag: string, text: string): readonly [string, string] {
  const at = text.indexOf("=");
  if (at > 0 && at < text.length - 1) return [text.slice(0, at), text.slice(at + 1)];
  throw new HarnessError(`--${flag}: a name and a value are needed`, { found: text, expected: "NAME=VALUE" });
}
