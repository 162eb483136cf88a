// Counts the tests of Vitest's JSON reports in a folder; says why each was skipped, and what each failed one said.
// node .ci/count.mjs FOLDER [STEP THAT FAILED]...; exit code 1 unless everything passed.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { swiftShader } from "./swiftShader.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Why a test may be skipped although ../shared is there, by how its name begins. `(needs …)` at a name's end says so itself. */
const reasons = {
  "a folder that is closed is named": "needs a user who is not root",
  "a disk that fills up while the": "needs /dev/full",
  "a disk that fills up ends the run": "needs a shell with ulimit",
  "a living process that only has the dead one's pid": "needs Linux",
  "on Linux the peak falls back": "needs Linux",
};

const [folder, ...steps] = process.argv.slice(2);
const reports = readdirSync(folder).filter((name) => name.endsWith(".json"));
const shared = existsSync(join(root, "..", "shared"));
const files = reports.flatMap((name) => JSON.parse(readFileSync(join(folder, name), "utf8")).testResults);
const tests = files.flatMap(({ name, status: outcome, assertionResults }) =>
  assertionResults.map(({ status, fullName, failureMessages }) => ({
    file: relative(root, name),
    name: fullName,
    status,
    outcome,
    message: failureMessages?.[0],
  })),
);

const passed = tests.filter(({ status }) => status === "passed").length;
const failed = tests.filter(({ status }) => status === "failed");
const skipped = tests.filter(({ status }) => status !== "passed" && status !== "failed");
const problems = [
  ...steps.filter((step) => !step.includes("test") || failed.length === 0).map((step) => `${step} failed`),
];
if (steps.length === 0 && passed === 0) problems.push("no test ran");

for (const test of skipped) {
  const reason = reasonOf(test);
  console.log(`skipped: ${test.file}: ${test.name}: ${reason ?? "../shared is not there"}`);
  const neededThere = test.name.includes("(needs SwiftShader") ? swiftShader : shared && "../shared";
  if (neededThere && reason === undefined)
    problems.push(`${test.file}: ${test.name}: skipped although ${neededThere} is there`);
}
// A log that is cut is cut at its front, so that the failed tests stand here once more.
for (const { file, name, message } of failed)
  console.log(`failed: ${file}: ${name}${message === undefined ? "" : `\n${message.slice(0, 2000)}`}`);
for (const problem of problems) console.log(`error: ${problem}`);
console.log(`${passed} passed, ${failed.length + problems.length} failed, ${skipped.length} skipped`);
process.exitCode = failed.length + problems.length > 0 ? 1 : 0;

function reasonOf({ name, file, outcome }) {
  // What a file prepares for its tests failed, and is counted as that.
  if (outcome === "failed") return `${file} failed`;
  const own = /\((needs .+)\)$/.exec(name)?.[1];
  if (own?.startsWith("needs SwiftShader") && swiftShader !== undefined) return undefined;
  return own ?? Object.entries(reasons).find(([beginning]) => name.startsWith(beginning))?.[1];
}
