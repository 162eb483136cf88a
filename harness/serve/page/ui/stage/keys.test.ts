import { expect, test } from "vitest";
import { type Keys, pageAction, photoAction } from "./keys.ts";

const pressed = (key: string, held: Partial<Keys> = {}): Keys => ({
  key,
  shiftKey: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...held,
});

test("arrows move the cross, with Shift ten times as far", () => {
  expect(photoAction(pressed("ArrowUp"))).toEqual({ kind: "move", x: 0, y: -1, steps: 1 });
  expect(photoAction(pressed("ArrowRight", { shiftKey: true }))).toEqual({ kind: "move", x: 1, y: 0, steps: 10 });
});

test("Enter and the space bar set a foreground point, and with Shift a background point", () => {
  for (const key of ["Enter", " "]) {
    expect(photoAction(pressed(key))).toEqual({ kind: "point", label: 1 });
    expect(photoAction(pressed(key, { shiftKey: true }))).toEqual({ kind: "point", label: 0 });
  }
});

test("plus, minus and zero zoom in all of the page, and with Ctrl they are the browser's", () => {
  for (const key of ["+", "="]) expect(pageAction(pressed(key))).toEqual({ kind: "zoom", to: "nearer" });
  for (const key of ["-", "_"]) expect(photoAction(pressed(key))).toEqual({ kind: "zoom", to: "further" });
  expect(pageAction(pressed("0"))).toEqual({ kind: "zoom", to: "whole" });
  for (const key of ["+", "-", "0"]) expect(photoAction(pressed(key, { ctrlKey: true }))).toBeUndefined();
});

test("undo and redo work by the keys of every system, in all of the page", () => {
  expect(pageAction(pressed("z", { ctrlKey: true }))).toEqual({ kind: "undo" });
  expect(pageAction(pressed("Z", { metaKey: true, shiftKey: true }))).toEqual({ kind: "redo" });
  expect(pageAction(pressed("y", { ctrlKey: true }))).toEqual({ kind: "redo" });
  expect(pageAction(pressed("z"))).toBeUndefined();
});

test("what the browser does with a key is left to it", () => {
  expect(photoAction(pressed("Tab"))).toBeUndefined();
  expect(photoAction(pressed("ArrowLeft", { altKey: true }))).toBeUndefined();
  expect(photoAction(pressed("+", { ctrlKey: true }))).toBeUndefined();
});
