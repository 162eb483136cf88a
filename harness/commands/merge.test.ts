import { expect, test } from "vitest";
import { memoryConsole } from "./fixtures/bench.ts";
import { merge } from "./merge.ts";

test("a dataset's folder beside an annotation file is refused: one of them would be passed over", async () => {
  const args = { dir: ["nowhere"], out: "nowhere", data: "COCO", annotations: "instances.json" };
  await expect(merge.run(args, memoryConsole())).rejects.toThrow(
    /--data: --annotations is what the run is scored against/,
  );
});
