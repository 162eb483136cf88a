/**
 * A row is called by its variant's id, or by a name of its own where a user named the checkpoint: `sam-nano:mine`, and
 * `sam-fast/sam-nano:mine` for a method on it. The name stands behind the model whose checkpoint it is. A row that was measured
 * on another provider than the processor has the provider's name at its end: `sam-nano@webgpu`, `sam-nano:mine@webgpu`; a page of a
 * browser is such a provider, `sam-nano@web-wasm2`.
 */

/** The provider whose rows have no provider in their names: every machine has it. */
export const processor = "cpu";

const ownName = "(?=[._-]*[a-z0-9])[a-z0-9._-]{1,40}";
const ownNamePattern = new RegExp(`^${ownName}$`);
const rowNamePattern = new RegExp(`^([^:]+):(${ownName})((?:/[^:]*)?)$`);

export interface RowNameParts {
  /** Id of the variant, without the name of its own. */
  readonly variant: string;
  /** Part of the id that the name stands behind: `sam-fast/sam-nano`. */
  readonly before: string;
  readonly own: string;
}

/** The fields of a run, of its facts or of its published record that its row is called by. */
export interface NamedRun {
  readonly variant: { readonly id: string; readonly name?: string | undefined; readonly role?: "floor" | undefined };
  readonly runtime: { readonly provider: string };
}

/** Returns what a row is called wherever it is printed. A floor has no graph that a provider could run. */
export function rowName({ variant, runtime: { provider } }: NamedRun): string {
  const row = nameOnProcessor(variant);
  return provider === processor || variant.role === "floor" ? row : `${row}@${provider}`;
}

/** Returns what the row of the same weights is called on the processor. */
export function nameOnProcessor({ id, name }: Pick<NamedRun["variant"], "id" | "name">): string {
  return name ?? id;
}

/** Parts a row's name: what it is called on the processor, and the provider. A variant's id may hold an @ of its own. */
export function providerParts(row: string): { readonly row: string; readonly provider: string } {
  const [, before, provider] = /^(.+)@([a-z0-9]+(?:-[a-z0-9]+)*)$/.exec(row) ?? [];
  return before === undefined || provider === undefined ? { row, provider: processor } : { row: before, provider };
}

/** Returns the parts of a name like `sam-fast/sam-nano:mine/per-token`; nothing where it holds no name of its own. */
export function rowNameParts(name: string): RowNameParts | undefined {
  const [, before, own, after] = rowNamePattern.exec(name) ?? [];
  if (before === undefined || own === undefined || after === undefined) return undefined;
  return { variant: `${before}${after}`, before, own };
}

/** Tells whether a stored row may be called so: its name is the variant's id with a name of its own in it. */
export function isRowNameOf(name: string, id: string): boolean {
  return rowNameParts(name)?.variant === id;
}

/** Returns an id with the name of its checkpoint in it: `sam-fast/sam-nano` and `sam-nano:mine` give `sam-fast/sam-nano:mine`. */
export function withCheckpointName(id: string, model: string, checkpoint: string): string {
  return `/${id}/`.replace(`/${model}/`, `/${checkpoint}/`).slice(1, -1);
}

export function isOwnName(text: string): boolean {
  return ownNamePattern.test(text);
}

/** Makes a file's name a checkpoint's name: `../New (2).safetensors` gives `new-2`. It is empty where nothing is left. */
export function ownNameOfFile(file: string): string {
  const stem = file.replace(/^.*[\\/]/, "").replace(/\.(pth|pt|safetensors)$/i, "");
  return stem
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[-.]+/, "")
    .slice(0, 40)
    .replace(/[-.]+$/, "");
}

/** Tells a file from a variant's id, which may hold slashes too: it has a checkpoint's ending, or begins with a folder. */
export function isCheckpointPath(text: string): boolean {
  return /\.(pth|pt|safetensors)$/i.test(text) || /^(\.{0,2}[\\/]|[a-z]:\\)/i.test(text);
}
