import { expect, test } from "vitest";
import { type StartedRun, serveCommand, targetAddress } from "./clickPage.ts";

const dataset = { id: "coco" } as StartedRun["dataset"];

function run(id: string, asPassed: string, more: Partial<StartedRun["variant"]> = {}): StartedRun {
  return { plan: { asPassed: asPassed.split(" "), resolved: {} }, dataset, variant: { id, ...more } };
}

test("the command names the first two models and the weights and data of their run", () => {
  const line = "run --variants sam-nano,mobilesam --rounds 3 --dataset=coco --data val --limit 50 --phase accuracy";
  const runs = [
    run("floor", line, { role: "floor" }),
    ...["sam-nano", "sam-nano", "mobilesam", "edgesam"].map((id) => run(id, line)),
  ];
  expect(serveCommand(runs)).toBe("bench serve sam-nano mobilesam --dataset coco --data val --limit 50");
});

test("a data set that the run did not name is named, and a checkpoint keeps its name", () => {
  const line = "run --checkpoint sam-nano:mine=new.pth";
  expect(serveCommand([run("sam-nano", line, { name: "sam-nano:mine" })])).toBe(
    "bench serve sam-nano:mine --dataset coco --checkpoint sam-nano:mine=new.pth",
  );
});

test("a target's address is that of the page with the photo and the target behind it", () => {
  const page = { address: "http://127.0.0.1:8026/", command: "" };
  expect(targetAddress(page, { image: 397133, target: 17 })).toBe("http://127.0.0.1:8026/#photo=397133&target=17");
});
