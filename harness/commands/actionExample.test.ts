import { expect, test } from "vitest";
import { parseCondition } from "../report/compare/failIf.ts";
import { readPage, unknownCommands } from "./fixtures/markdown.ts";

const workflow = readPage(".github/workflows/bench.yml");

test("every command of the workflow, and every option, is there", async () => {
  expect([...workflow.matchAll(/npx bench (\w+)/g)].map(([, name]) => name)).toEqual([
    "run",
    "run",
    "publish",
    "compare",
  ]);
  expect(await unknownCommands(workflow)).toEqual([]);
});

test("its condition can be read", () => {
  const [, condition] = /--fail-if '([^']+)'/.exec(workflow)!;
  expect(parseCondition(condition!)).toMatchObject({ figure: "miou.box", of: "high", comparator: "<", value: 0 });
});

test("it asks for no right but to read, pins each action by its hash, and no step takes an event's text as code", () => {
  expect([...workflow.matchAll(/^permissions:\n((?: {2}.*\n)+)/gm)].map(([, rights]) => rights)).toEqual([
    "  contents: read\n",
  ]);
  expect(workflow).not.toContain("secrets.");
  const actions = [...workflow.matchAll(/uses: (\S+)/g)].map(([, action]) => action);
  expect(actions.length).toBeGreaterThan(0);
  expect(actions.filter((action) => !/@[0-9a-f]{40}$/.test(action!))).toEqual([]);
  expect([...workflow.matchAll(/run: .*\$\{\{/g)]).toEqual([]);
});
