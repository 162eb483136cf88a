import { seededFileOf } from "../../build/weights/seededFile.ts";
import { type Command, listOf, wholeNumber } from "../../commands/terminal/command.ts";
import { HarnessError } from "../../errors.ts";
import { loadRegistry, variantOf, weightsVariantOf } from "../../plan/plugins/registry.ts";
import { withRevision } from "./checkout.ts";
import { newFolder, takeTurns, turnOptions } from "./turns.ts";

export const revision: Command = {
  name: "revision",
  describe: "One call of bench, here and of another revision of the project, by turns: time, processor, memory, output",
  arguments: [{ name: "revision", describe: "commit, branch or tag; the words of the call stand behind --" }],
  options: turnOptions,
  examples: [
    [
      `npm run perf -- revision HEAD~5 -- run --variants sam-nano --limit 3 --phase accuracy --results ${newFolder}`,
      `${newFolder} is a folder that no other call has, so that each call measures; SAM_BENCH_HOME is each revision's own`,
    ],
    [
      `npm run perf -- revision main -- run --checkpoint mobilesam={seeded:mobilesam} --prompts anything-32 --limit 1 --results ${newFolder}`,
      "{seeded:VARIANT} is a checkpoint file of seeded weights: with it full-size models run where none was pulled",
    ],
    ["npm run perf -- revision main --rounds 20 -- list", "twenty calls of each, after one that warms up"],
  ],
  async run(args, console) {
    const given = listOf(args, "--");
    if (given.length === 0)
      throw new HarnessError("no words of a call of bench", { hint: "put them behind --: -- list variants" });
    const words: string[] = [];
    for (const word of given) words.push(await withSeededFile(word));
    const turns = { words, rounds: wholeNumber(args, "rounds", 1), warmup: wholeNumber(args, "warmup", 0) };
    return withRevision(args.revision as string, async (workplace) => {
      await takeTurns(workplace, turns, console);
      return 0;
    });
  },
};

/** Puts a file of seeded weights in the place of `{seeded:VARIANT}`. Throws HarnessError for an unknown variant. */
async function withSeededFile(word: string): Promise<string> {
  const [place, id] = /\{seeded:([^}]+)\}/.exec(word) ?? [];
  if (place === undefined) return word;
  const registry = await loadRegistry();
  return word.replace(place, await seededFileOf(weightsVariantOf(registry, variantOf(registry, id!))));
}
