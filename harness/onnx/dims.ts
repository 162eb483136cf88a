import type { Dim } from "../api.ts";

/**
 * A dimension that is known only when the graph runs is a linear form of one symbol: `points`, `points+5`, `8*points+40`. That
 * is all a prompt batch needs, and it keeps shapes comparable as strings.
 */
interface Linear {
  readonly symbol?: string;
  readonly scale: number;
  readonly offset: number;
}

const form = /^(?:(\d+)\*)?([a-z][a-z_]*)(?:\+(\d+))?$/;

function parse(dim: Dim): Linear {
  if (typeof dim === "number") return { scale: 0, offset: dim };
  const match = form.exec(dim);
  if (match === null) throw new Error(`dimension ${dim} is no linear form of one symbol`);
  return { symbol: match[2]!, scale: Number(match[1] ?? 1), offset: Number(match[3] ?? 0) };
}

function format({ symbol, scale, offset }: Linear): Dim {
  if (symbol === undefined || scale === 0) return offset;
  if (offset < 0) throw new Error(`dimension ${scale}*${symbol}${offset} could be negative`);
  return `${scale === 1 ? "" : `${scale}*`}${symbol}${offset === 0 ? "" : `+${offset}`}`;
}

export function addDims(a: Dim, b: Dim): Dim {
  const left = parse(a);
  const right = parse(b);
  const symbol = left.symbol ?? right.symbol;
  if (symbol === undefined) return left.offset + right.offset;
  if (right.symbol !== undefined && right.symbol !== symbol) throw new Error(`dimension ${a} + ${b} has two symbols`);
  return format({ symbol, scale: left.scale + right.scale, offset: left.offset + right.offset });
}

/** Returns the dimension that brings `known` to the element count of `all`; throws where the counts do not divide. */
export function quotient(all: readonly Dim[], known: readonly Dim[]): Dim {
  const left = [...all];
  const right = known.filter((dim) => {
    const at = left.indexOf(dim);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  const symbolic = left.filter((dim) => typeof dim === "string");
  const divisor = product(right);
  if (symbolic.length > 1 || typeof divisor === "string")
    throw new Error(`can not divide [${all}] by [${known}]: more than one symbol is left`);
  const { symbol, scale, offset } = parse(symbolic[0] ?? 1);
  const factor = Number(product(left.filter((dim) => typeof dim === "number"))) / divisor;
  if (!Number.isInteger(offset * factor) || !Number.isInteger(scale * factor))
    throw new Error(`[${all}] does not divide by [${known}]`);
  return format({ symbol, scale: scale * factor, offset: offset * factor });
}

/** Returns the product of dimensions of which at most one is symbolic. */
export function product(dims: readonly Dim[]): Dim {
  let result: Linear = { scale: 0, offset: 1 };
  for (const factor of dims.map(parse)) {
    if (result.symbol !== undefined && factor.symbol !== undefined)
      throw new Error(`product of [${dims}] has two symbols`);
    const [form_, number] = factor.symbol === undefined ? [result, factor.offset] : [factor, result.offset];
    result = { ...form_, scale: form_.scale * number, offset: form_.offset * number };
  }
  return format(result);
}

/** Returns the number that a dimension stands for. Throws where a symbol has no value. */
export function evaluateDim(dim: Dim, bindings: Readonly<Record<string, number>>): number {
  const { symbol, scale, offset } = parse(dim);
  if (symbol === undefined) return offset;
  const value = bindings[symbol];
  if (value === undefined) throw new Error(`dimension ${dim} needs a value for ${symbol}`);
  return scale * value + offset;
}

/** Returns the broadcast shape as NumPy does; throws where two dimensions do not fit. */
export function broadcastDims(a: readonly Dim[], b: readonly Dim[]): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const left = a[a.length - rank + i] ?? 1;
    const right = b[b.length - rank + i] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    throw new Error(`[${a}] and [${b}] do not broadcast`);
  });
}
