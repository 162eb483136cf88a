// Counts what the style asks to be without, by folder: `node .ci/plain.mjs [--list]`. Exit code 1 where a field is packed or
// conditional; the other two are to be judged, since no list of verbs knows them all.
//   packed        fields grouped in a spread, `...{ a, b }`
//   conditional   a field that is there or not, `...(x === undefined ? {} : { x })`
//   pairs         declarations packed into an array, `let [a, b] = [0, 0]`
//   phrases       docstrings whose first sentence has no subject or no verb: it begins with a word like "Of" or "Those", or
//                 none of its words is a verb of the list below and it is longer than a name with its unit
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const list = process.argv.includes("--list");
const packed = /\.\.\.\{ ?\S/g;
const conditional = /\.\.\.\((?:[^(){}]|\([^()]*\))*\? (?:\{\} : \{|\{(?:[^{}]|\{[^{}]*\})*\} : \{\}\))/g;
const pairs = /\b(?:const|let) \[[^\]]*\](?:: [^=]*)? = \[/g;
const docstring = /\/\*\*(.*?)\*\//gs;
/** Words of a name with its unit, such as "Bytes of the file, header included." */
const nameWords = 8;
const openings = new Set(
  (
    "of those as what with from by to where which whether how that at on in for also not only else none nothing per within " +
    "without over under behind beside between among against after before until since because like than so such"
  ).split(" "),
);
const verbs = new Set(
  (
    "is are was were be has have had can may must will does do did stands stand lies lie holds hold gives give takes take " +
    "returns return reads read writes write makes make says say tells tell throws throw counts count keeps keep means mean " +
    "runs run needs need looks look goes go comes come asks ask answers answer begins begin ends end shows show finds find " +
    "adds add leaves leave measures measure calls call builds build opens open closes close names name knows know belongs " +
    "differs differ agrees agree matches match maps map turns turn converts convert computes compute draws draw chooses " +
    "choose selects select removes remove replaces replace fills fill splits split joins join merges merge sorts sort " +
    "checks check compares compare parses parse decodes decode encodes encode resizes resize pads pad crops crop scales " +
    "scale moves move copies copy loads load stores store describes describe lists list prints print formats format " +
    "renders render starts start stops stop waits wait kills kill sends send receives receive brings bring deletes delete " +
    "creates create hides hide marks mark refuses refuse accepts accept allows allow follows follow uses use works work " +
    "fits fit applies apply tries try fails fail happens happen depends depend contains contain covers cover sets set gets " +
    "get puts put sees see reports report records record estimates estimate predicts predict learns learn quantises " +
    "simulates simulate rounds round sums sum averages average divides divide multiplies multiply subtracts normalises " +
    "stretches passes pass hands hand shares share points point stays stay becomes become remembers remember resumes resume " +
    "skips skip drops drop walks walk yields yield wraps wrap rewrites rewrite folds fold fuses fuse prunes prune evaluates " +
    "evaluate scores score judges judge offers offer serves serve separates separate belong appears appear exists exist " +
    "lets let lacks lack wants want expects expect provides provide prepares prepare produces produce plans plan declares " +
    "declare collects collect groups group orders order filters filter bounds bound limits limit cuts cut grows grow falls " +
    "fall rises rise lasts last costs cost weighs weigh saves save spends spend loses lose wins win beats beat tests test " +
    "shuffles samples sample seeds seed hashes hash identifies identify verifies verify validates validate rejects reject"
  ).split(" "),
);
const counts = new Map();

// This file shows what it looks for.
const files = execFileSync("git", ["ls-files", "*.ts", "*.mjs", ":!.ci/plain.mjs"], { encoding: "utf8" });
for (const file of files.trim().split("\n")) {
  const text = readFileSync(file, "utf8");
  const folder = file.split("/").slice(0, 2).join("/");
  const found = counts.get(folder) ?? { packed: 0, conditional: 0, pairs: 0, phrases: 0 };
  counts.set(folder, found);
  const say = (kind, index, what) => {
    found[kind]++;
    if (list) console.log(`${kind}\t${file}:${text.slice(0, index).split("\n").length}\t${what.replace(/\s+/g, " ")}`);
  };
  for (const [kind, pattern] of Object.entries({ packed, conditional, pairs }))
    for (const match of text.matchAll(pattern)) say(kind, match.index, match[0]);
  for (const match of text.matchAll(docstring)) {
    const [, body] = match;
    const sentence = body
      .replace(/\n\s*\*\s?/g, " ")
      .trim()
      .split(/(?<=[.:!?])\s/)[0];
    const words = sentence.toLowerCase().match(/[a-z']+/g) ?? [];
    if (openings.has(words[0]) || (words.length > nameWords && !words.some((word) => verbs.has(word))))
      say("phrases", match.index, sentence);
  }
}
const total = { packed: 0, conditional: 0, pairs: 0, phrases: 0 };
for (const found of counts.values()) for (const kind of Object.keys(total)) total[kind] += found[kind];
process.exitCode = total.packed + total.conditional > 0 ? 1 : 0;
console.table(Object.fromEntries([...counts, ["in all", total]]));
