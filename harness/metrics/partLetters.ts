/** Letters that lvis-api uses for parts of the annotations, as in APs and ARr@1000. */
const partLetters: Readonly<Record<string, string>> = {
  all: "",
  small: "s",
  medium: "m",
  large: "l",
  rare: "r",
  common: "c",
  frequent: "f",
};

/** Returns what stands for a size or a frequency in a figure's id: its letter, or its own name where it has no letter. */
export function partLetter(part: string): string {
  return partLetters[part] ?? `-${part}`;
}
