import { expect, test } from "vitest";
import { withoutFolders, withoutPaths } from "./hidden.ts";

test("files and folders of a command line keep their names alone", () => {
  const line =
    "run --variants ptq4sam/sam-nano/w8a8 --data /home/me/coco/ --boxes=../x/boxes.json --checkpoint sam-vit-b=/a/b.pth,mobilesam=c.pt --limit 3";
  expect(withoutPaths(line.split(" ")).join(" ")).toBe(
    "run --variants ptq4sam/sam-nano/w8a8 --data coco --boxes=boxes.json --checkpoint sam-vit-b=b.pth,mobilesam=c.pt --limit 3",
  );
  expect(withoutPaths(["run", "--data", "."])).toEqual(["run", "--data", "."]);
  const named = ["--variants=sam-nano,/home/me/new.pth", "--checkpoint", "/home/me/a=b.pth,sam-nano:mine=../c.pt"];
  expect(withoutPaths(named)).toEqual(["--variants=sam-nano,new.pth", "--checkpoint", "a=b.pth,sam-nano:mine=c.pt"]);
});

test("a text names what lies in a folder from there, and the longer of two folders is taken out", () => {
  const folders = ["/home/me/coco", "/home/me", "/", ".", ""];
  const said = {
    text: "/home/me/coco/val2017/1.jpg: cut short",
    list: ["/home/me/x.json: 3 left out", 7],
    folder: "in /home/me/coco",
  };
  expect(withoutFolders(said, folders)).toEqual({
    text: "val2017/1.jpg: cut short",
    list: ["x.json: 3 left out", 7],
    folder: "in coco",
  });
});

test("a command of the user's own is not kept, whichever way it was given", () => {
  const line = ["run", "--external", "mine=python3 /home/a/mine.py --key 7", "--python=/home/a/venv/bin/python3"];
  expect(withoutPaths(line)).toEqual(["run", "--external", "mine=…", "--python=…"]);
  expect(withoutPaths(["--external=mine=ssh host"])).toEqual(["--external=mine=…"]);
});
