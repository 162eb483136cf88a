import { Writable } from "node:stream";
import { expect, test } from "vitest";
import type { RunReport } from "../../results/report.ts";
import { interimTable, isTerminal, underWay } from "./interimTable.ts";
import { observe } from "./observe.ts";

const controlSign = "\u001b";
/** A control sequence, with its number, or a character. */
const pieces = new RegExp(`${controlSign}\\[(\\d*)[A-Z]|[^${controlSign}]`, "g");

/** A terminal as far as this program writes to one: lines, a cursor, going up, and wiping a line or all that follows. */
function terminal({ rows = 24, columns = 40 } = {}) {
  const lines = [""];
  let row = 0;
  const type = (character: string) => {
    if (character === "\n") {
      row++;
      lines[row] ??= "";
    } else if (character !== "\r") lines[row] += character;
  };
  const stream = new Writable({
    write(chunk, _encoding, done) {
      for (const [part, up] of String(chunk).matchAll(pieces)) {
        if (part.endsWith("A") && part.length > 1) row -= Number(up);
        else if (part === "\u001b[J") lines.splice(row, lines.length, "");
        else if (part === "\u001b[2K") lines[row] = "";
        else type(part);
      }
      done();
    },
  });
  const out = Object.assign(stream, { isTTY: true, rows, columns });
  const screen = () => lines.map((line) => line.trimEnd()).filter((line, at) => line !== "" || at < row);
  return { console: { out, notes: out }, screen };
}

test("a text takes the place of the one before it, however many lines either has", () => {
  const { console, screen } = terminal();
  const table = interimTable(console);
  console.out.write("before\n");
  table.draw("one\ntwo\nthree");
  table.draw("first");
  expect(screen()).toEqual(["before", "first"]);
  table.draw("1\n2");
  table.erase();
  console.out.write("last\n");
  expect(screen()).toEqual(["before", "last"]);
});

test("a line that wraps counts as the lines that it takes", () => {
  const { console } = terminal({ columns: 10 });
  const written: string[] = [];
  const table = interimTable({
    ...console,
    out: Object.assign(new Writable(), console.out, { write: (text: string) => written.push(text) > 0 }),
  });
  table.draw(`${"x".repeat(25)}\nshort`);
  table.erase();
  expect(written.at(-1)).toBe("\r\u001b[4A\u001b[J");
});

test("a text that is taller than the terminal is left out, because it could not be taken away again", () => {
  const { console, screen } = terminal({ rows: 5 });
  const table = interimTable(console);
  table.draw("1\n2\n3");
  expect(screen()).toEqual(["1", "2", "3"]);
  table.draw("1\n2\n3\n4");
  expect(screen()).toEqual([]);
});

test("notes come above the table and the progress below it; at the end one table is left", () => {
  const { console, screen } = terminal({ columns: 80 });
  const observer = observe(console);
  observer.note("preparing");
  observer.rounds(1, 4, "sam-nano");
  observer.interim("5 rounds");
  observer.note("a late note");
  observer.interim("10 rounds");
  observer.rounds(2, 4, "sam-nano");
  expect(screen().slice(0, 3)).toEqual(["preparing", "a late note", "10 rounds"]);
  observer.finish();
  console.out.write("20 rounds\n");
  expect(screen()).toEqual(["preparing", "a late note", "20 rounds"]);
});

test("a table is taken away only where results and notes both go to a terminal", () => {
  const { console } = terminal();
  const file = Object.assign(new Writable(), { isTTY: false });
  expect(isTerminal(console)).toBe(true);
  expect(isTerminal({ ...console, out: file })).toBe(false);
  expect(isTerminal({ ...console, notes: file })).toBe(false);
});

test("a row that is under way has neither mark nor warning for that, and a stopped one keeps its own", () => {
  const resume = { about: "run", text: "not finished after 3 of 26 images", ask: "resume" } as const;
  const other = { about: "dataset", text: "2 annotations left out" };
  const report = { status: "running", warnings: [other, resume] } as unknown as RunReport;
  expect(underWay(report)).toEqual({ status: "done", warnings: [other] });
  const stopped: RunReport = { ...report, status: "stopped" };
  expect(underWay(stopped)).toBe(stopped);
});
