import { basename } from "node:path";
import type { DeclaredValue, Dim, GraphSignature, Random, Tensor } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { fedTypes } from "../onnx/sessions/feeds.ts";
import { normal, random } from "../stats/random.ts";

export interface InputRequest {
  /** Values of open dimensions by their names; one without a name is INPUT.PLACE. */
  readonly dims: ReadonlyMap<string, number>;
  /** Names of B's inputs that A calls otherwise: B's name → A's. */
  readonly renames: ReadonlyMap<string, string>;
  readonly seed: number;
  /** Values of inputs that are not drawn, by A's names: a photo. */
  readonly given: ReadonlyMap<string, Tensor>;
}

type Feeds = Readonly<Record<string, Tensor>>;

/** The same values for both graphs, each by its own names. */
export interface SharedInputs {
  readonly a: Feeds;
  readonly b: Feeds;
  readonly described: readonly { readonly name: string; readonly type: string; readonly dims: readonly number[] }[];
}

/**
 * Returns inputs that both graphs take. What is not given is drawn: floats from the normal distribution, whole numbers and bools from
 * 0 and 1. Throws
 * HarnessError by the input's name where the graphs do not take the same, or a dimension is open.
 */
export function sharedInputs(a: GraphSignature, b: GraphSignature, request: InputRequest): SharedInputs {
  const inB = partnersOf(a, b, request.renames);
  const described = a.inputs.map((input) => {
    const partner = inB.get(input.name)!;
    for (const { name, type } of [input, partner])
      if (!fedTypes.some((each) => each === type))
        throw new HarnessError(`input ${name}: is of a type that is not fed`, {
          found: type,
          expected: fedTypes.join(", "),
        });
    return { name: input.name, type: input.type, dims: sharedDims(input, partner, request) };
  });
  const feeds = described.map(({ name, type, dims }) => {
    return [name, request.given.get(name) ?? drawn(name, type, dims, request.seed)] as const;
  });
  return {
    a: Object.fromEntries(feeds),
    b: Object.fromEntries(feeds.map(([name, tensor]) => [inB.get(name)!.name, tensor])),
    described,
  };
}

/** Returns B's input for each name of A's. Throws HarnessError where one of the two has no partner. */
function partnersOf(
  a: GraphSignature,
  b: GraphSignature,
  renames: ReadonlyMap<string, string>,
): ReadonlyMap<string, DeclaredValue> {
  const own = new Set(a.inputs.map(({ name }) => name));
  const unknown = [...renames.keys()].find((name) => !b.inputs.some((input) => input.name === name));
  if (unknown !== undefined)
    throw new HarnessError(`--rename ${unknown}=${renames.get(unknown)}: B has no such input`, {
      found: namesOf(b),
    });
  const partners = new Map(b.inputs.map((input) => [renames.get(input.name) ?? input.name, input]));
  const missing = a.inputs.find(({ name }) => !partners.has(name));
  const extra = [...partners].find(([name]) => !own.has(name))?.[1];
  if (missing === undefined && extra === undefined) return partners;
  const sideA = { side: "A", graph: a };
  const sideB = { side: "B", graph: b };
  const [lacking, taking] = missing === undefined ? [sideA, sideB] : [sideB, sideA];
  const name = missing?.name ?? extra!.name;
  throw new HarnessError(
    `${lacking.side}, ${basename(lacking.graph.file)}: has no input ${name}, which ${taking.side} takes`,
    {
      found: namesOf(lacking.graph),
      expected: namesOf(taking.graph),
      hint: "graphs are compared on the same inputs; --rename B_NAME=A_NAME if only the name differs",
    },
  );
}

function namesOf({ inputs }: GraphSignature): string {
  return inputs.map(({ name }) => name).join(", ") || "no inputs";
}

/** Returns the dimensions that both inputs have; an open one takes the other side's number, or that of `--dims`. */
function sharedDims(a: DeclaredValue, b: DeclaredValue, { dims }: InputRequest): readonly number[] {
  const own = a.dims ?? b.dims;
  const other = b.dims ?? own;
  if (own === undefined || other === undefined)
    throw new HarnessError(`input ${a.name}: its number of dimensions is open`, {
      hint: "export the graph with the shapes of its inputs",
    });
  if (own.length !== other.length) throw unlike(a, b);
  return own.map((dim, place) => {
    const numbers = [dim, other[place]!].map((each) => numberOf(each, `${a.name}.${place}`, dims));
    const [first, second] = numbers as [number | undefined, number | undefined];
    if (first !== undefined && second !== undefined && first !== second) throw unlike(a, b);
    const number = first ?? second;
    if (number !== undefined) return number;
    const name = dim === "?" ? `${a.name}.${place}` : dim;
    throw new HarnessError(`input ${a.name}: dimension ${place} is open`, { found: dim, hint: `--dims ${name}=1` });
  });
}

function numberOf(dim: Dim, place: string, given: ReadonlyMap<string, number>): number | undefined {
  return typeof dim === "number" ? dim : (given.get(dim) ?? given.get(place));
}

function unlike(a: DeclaredValue, b: DeclaredValue): HarnessError {
  return new HarnessError(`input ${a.name}: the two graphs take other shapes`, {
    found: `${a.dims} in A, ${b.dims} in B`,
    expected: "the same",
  });
}

function drawn(name: string, type: string, dims: readonly number[], seed: number): Tensor {
  const stream = random(seed, "diff input", name);
  const draw: (random: Random) => number = type.startsWith("float") ? normal : ({ next }) => (next() < 0.5 ? 0 : 1);
  const count = dims.reduce((product, dim) => product * dim, 1);
  return { dims, data: Float32Array.from({ length: count }, () => draw(stream)) };
}
