/** Names of modules, as PyTorch joins them by points: `image_encoder.blocks.3.attn`. The empty name is the model itself. */

/** Returns the deepest module that holds both. */
export function commonModule(a: string, b: string): string {
  const left = partsOf(a);
  const right = partsOf(b);
  const differ = left.findIndex((part, i) => part !== right[i]);
  return left.slice(0, differ === -1 ? left.length : differ).join(".");
}

/** Returns whether a module lies in another one, or is it. */
export function isWithin(module: string, outer: string): boolean {
  return outer === "" || module === outer || module.startsWith(`${outer}.`);
}

/**
 * Returns the name that a node had before the runtime made another one of it: `Conv` of `Conv_nchwc`, and `a/MatMul` of
 * `a/MatMul/MatMulScaleFusion/`.
 */
export function givenName(node: string): string {
  return node.replace(/(\/+\w*Fusion\w*)+\/*$/, "").replace(/_nchwc$/, "");
}

/**
 * Returns the module of a node's name: this project's graphs write `image_encoder.blocks.3/Add`, PyTorch's exporter
 * `/image_encoder/blocks.3/Add`. It is empty where the name has none.
 */
export function scopeOf(node: string): string {
  const parts = givenName(node).split("/").slice(0, -1);
  // A list of modules in a Sequential is `/layers/layers.0`: the longer name says it all.
  return parts.filter((part, i) => part !== "" && !parts[i + 1]?.startsWith(`${part}.`)).join(".");
}

/**
 * Returns a function that gives the module of a tensor by its name: `a.b.weight`, and what was made of it, such as
 * `a.b.weight.query` and `a.proj.bias+qkv.bias`, belong to `a.b` and `a.proj`. Other tensors belong to the deepest module that
 * their name begins with, or stand for themselves where that is the whole model; those that no module is known of, such as lists of indices, have none.
 */
export function moduleNames(tensors: Iterable<string>): (tensor: string) => string | undefined {
  const known = new Set<string>();
  for (const tensor of tensors) {
    const parts = partsOf(weightedModule(tensor) ?? "");
    for (const i of parts.keys()) known.add(parts.slice(0, i + 1).join("."));
  }
  return (tensor) => {
    const parts = tensor.split(".");
    const prefixes = parts.map((_, i) => parts.slice(0, i + 1).join("."));
    const module = weightedModule(tensor) ?? prefixes.findLast((prefix) => known.has(prefix));
    if (module === undefined || module.includes(".")) return module;
    // A parameter of the model itself, such as `image_encoder.pos_embed`, is a layer of its own; `model.ints[0,1]` is none.
    return /^[\w.]+(?!\[)(?=$|\+)/.exec(tensor)?.[0];
  };
}

/**
 * Returns a function that gives the block of each layer. Modules in a numbered list are blocks where one of them has several
 * layers, as `blocks.3` or `layers.1.blocks.0`. Any other layer's block is what holds it, at least a second name deep:
 * `image_encoder.neck`, `image_encoder.patch_embed`.
 */
export function blocksOf(layers: readonly string[]): (layer: string) => string {
  const held = new Map<string, Set<string>>();
  for (const layer of layers)
    for (const { list, element } of elementsOf(layer)) {
      const own = held.get(`${list}.${element}`) ?? new Set();
      held.set(`${list}.${element}`, own.add(layer));
    }
  const ofBlocks = new Set(
    [...held].filter(([, own]) => own.size > 1).map(([element]) => element.slice(0, element.lastIndexOf("."))),
  );
  return (layer) => {
    const elements = elementsOf(layer);
    const first = elements.findIndex(({ list }) => ofBlocks.has(list));
    if (first === -1) return holderOf(layer, elements[0]?.list);
    // Stages hold blocks of their own; what a block holds in lists are its layers.
    const inner = elements[first + 1];
    const isStage = inner !== undefined && ofBlocks.has(inner.list) && /(^|\.)(blocks|op_list)$/.test(inner.list);
    const { list, element } = isStage ? inner : elements[first]!;
    return `${list}.${element}`;
  };
}

function partsOf(module: string): readonly string[] {
  return module === "" ? [] : module.split(".");
}

/** Returns what stands before `.weight` or `.bias`; nothing for a tensor of another name. */
function weightedModule(tensor: string): string | undefined {
  return /^([\w.]+?)\.(?:weight|bias)(?!\w)/.exec(tensor)?.[1];
}

/** Returns the elements of numbered lists that a layer lies in, from the outermost. */
function elementsOf(layer: string): readonly { readonly list: string; readonly element: string }[] {
  const parts = layer.split(".");
  return parts.flatMap((part, i) =>
    i > 0 && /^\d+$/.test(part) ? [{ list: parts.slice(0, i).join("."), element: part }] : [],
  );
}

/** Returns the module that holds a layer of no block: its list, where it lies in one, else its parent. */
function holderOf(layer: string, list: string | undefined): string {
  const parts = partsOf(layer);
  return list ?? parts.slice(0, Math.max(2, parts.length - 1)).join(".");
}
