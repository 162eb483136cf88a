import { expect, test } from "vitest";
import { advance, begin, redo, undo, wayOf } from "./history.ts";

const steps = ["one point", "two points", "a box"].reduce(advance<string>, begin("nothing"));

test("what is done is taken back step by step, down to the first state", () => {
  expect(undo(steps).present).toBe("two points");
  expect(undo(undo(undo(undo(undo(steps))))).present).toBe("nothing");
});

test("what is taken back can be done again, until something else is done", () => {
  const back = undo(undo(steps));
  expect(redo(back).present).toBe("two points");
  expect(redo(redo(redo(back)))).toEqual(steps);
  const other = advance(back, "another point");
  expect(redo(other)).toBe(other);
  expect(undo(other).present).toBe("one point");
});

test("a state that is shown already is no step", () => {
  expect(advance(steps, "a box")).toBe(steps);
});

test("the way to the present begins with the present and leaves out what was taken back", () => {
  expect(wayOf(undo(steps))).toEqual(["two points", "one point", "nothing"]);
});
