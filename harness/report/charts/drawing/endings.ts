import { HarnessError } from "../../../errors.ts";

/** Endings of the files that a figure is written as. */
const endings = [".pdf", ".svg", ".png", ".vl.json"] as const;

/** Returns the ending of a figure's file. Throws HarnessError for one that no figure is written as. */
export function requireFigureFile(file: string): (typeof endings)[number] {
  const ending = endings.find((each) => file.endsWith(each));
  if (ending !== undefined) return ending;
  throw new HarnessError(`${file}: no figure is written as such a file`, {
    expected: endings.join(", "),
    hint: "the ending of the file says how the figure is written",
  });
}
