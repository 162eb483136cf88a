import type { AskedPrompt } from "../../contract.ts";

/** Characters that a shell takes as they are. */
const plain = /^[\w@%+=:,./-]+$/;

export interface CommandParts {
  /** Words that name the model and its weights, quoted where they need it. */
  readonly runWords: string;
  /** Path or name of the photo. */
  readonly photo: string;
  /** The prompt in pixels of the photo as it is stored. */
  readonly prompt: AskedPrompt;
}

/** Returns the command line that gives the prompt to the same model by the harness itself. */
export function predictCommand({ runWords, photo, prompt: { points, box } }: CommandParts): string {
  const words = points.map(({ x, y, label }) => `${label === 1 ? "--point" : "--not-point"} ${x},${y}`);
  if (box !== undefined) words.push(`--box ${box.x0},${box.y0},${box.x1},${box.y1}`);
  return ["bench predict", runWords, quoted(photo), ...words].join(" ");
}

/** Quotes a word for a shell. A name that begins with a dash would be taken for an option. */
function quoted(word: string): string {
  const path = word.startsWith("-") ? `./${word}` : word;
  return plain.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
