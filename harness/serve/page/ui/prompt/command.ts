import { shellWord } from "../../../../shellWords.ts";
import type { AskedPrompt } from "../../contract.ts";

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
  return ["bench predict", runWords, pathWord(photo), ...words].join(" ");
}

/** A name that begins with a dash would be taken for an option. */
function pathWord(path: string): string {
  return shellWord(path.startsWith("-") ? `./${path}` : path);
}
