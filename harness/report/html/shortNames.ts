/**
 * Shortens the names of variants for small places. What all methods run on is left out, ptq4sam/w8a8 for
 * ptq4sam/sam-nano/w8a8, and so is an ending that all models share, mobilesam for mobilesam-nano. Names that would then be
 * alike stay whole.
 */
export function shortNames(names: readonly string[]): readonly string[] {
  const based = withoutBase(names);
  return distinct(withoutEnding(based, names), based, names);
}

function withoutBase(names: readonly string[]): readonly string[] {
  const bases = new Set(names.map((name) => name.split("/")[1]).filter((base) => base !== undefined));
  if (bases.size !== 1) return names;
  return names.map((name) => {
    const [method, , ...settings] = name.split("/");
    return [method, ...settings].join("/");
  });
}

function withoutEnding(shortened: readonly string[], names: readonly string[]): readonly string[] {
  const isModel = (name: string) => !name.includes("/");
  const models = names.filter(isModel);
  const endings = new Set(models.map((name) => /-[a-z0-9]+$/.exec(name)?.[0]));
  const [ending] = endings;
  if (models.length < 2 || endings.size !== 1 || ending === undefined) return shortened;
  return shortened.map((name, i) => (isModel(names[i]!) ? name.slice(0, -ending.length) : name));
}

/** Returns the first of the lists whose names differ. */
function distinct(...lists: readonly (readonly string[])[]): readonly string[] {
  return lists.find((names) => new Set(names).size === names.length) ?? lists.at(-1)!;
}
