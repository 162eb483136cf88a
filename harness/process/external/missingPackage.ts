/** Last lines of a Python that can not import something, or that is asked for the version of what is not installed. */
const endings: readonly { readonly pattern: RegExp; readonly textOf: (name: string) => string }[] = [
  {
    pattern: /^(?:importlib[\w.]*\.)?PackageNotFoundError: No package metadata was found for (\S+)$/m,
    textOf: (name) => `its Python has no package ${name}: pip install ${name}`,
  },
  {
    pattern: /^ModuleNotFoundError: No module named '([^'.]+)(?:\.[^']*)?'$/m,
    textOf: (name) => `its Python has no module ${name}: pip install ${name}, or the package that holds it`,
  },
];

/** Returns which package a Python program lacks, and the line that brings it, from what the program printed last; nothing where it printed something else. */
export function missingPackage(printed: string): string | undefined {
  for (const { pattern, textOf } of endings) {
    const name = pattern.exec(printed)?.[1];
    if (name !== undefined) return textOf(name);
  }
  return undefined;
}
