/**
 * Returns the specifiers that a text imports, rather too many than too few: a specifier in a comment or a string counts as well.
 * An import of a type alone does not count, since types are erased before code runs.
 */
export function specifiersOf(text: string): readonly string[] {
  const code = text.replace(
    /\b(?:import|export)\s+type\s+(?:[\w$]+|\*(?:\s*as\s+[\w$]+)?|\{[^}]*\})\s*from\s*(["'])[^"'\n]+\1/g,
    "",
  );
  const patterns = [
    /\bfrom\s*(["'])([^"'\n]+)\1/g,
    /\bimport\s*(["'])([^"'\n]+)\1/g,
    /\b(?:import|require|require\.resolve|import\.meta\.resolve)\s*\(\s*(["'`])([^"'`\n]+)\1/g,
    /\bnew\s+URL\s*\(\s*(["'`])([^"'`\n]+)\1\s*,\s*import\.meta\.url/g,
  ];
  return [...new Set(patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[2]!)))];
}
