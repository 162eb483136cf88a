import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { peerWays } from "./encodePeers.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-peers-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a program that answers as a Python does which has all packages: to a question with nothing that it lacks. */
function drawnPython(answers: string): string {
  const file = join(folder, `python-${answers.length}`);
  writeFileSync(file, `#!/bin/sh\nif [ "$1" = -c ]; then echo lacks; exit; fi\n${answers}\n`);
  chmodSync(file, 0o755);
  return file;
}

const graph = "encoder.onnx";

test("a peer tells its turns one by one, and ends when its input does", async () => {
  const python = drawnPython(
    `echo '{"version": "1.0"}'; while read -r line; do echo '{"durationMs": 5, "cpuMs": 9, "peakBytes": 70}'; done`,
  );
  const [way] = await peerWays(["openvino-bf16"], { graph, python });
  expect(way!.name).toBe("openvino-bf16");
  const started = way!.start(2);
  expect(await started.load()).toBe("1.0");
  for (let turn = 0; turn < 3; turn++) expect(await started.turn()).toEqual({ durationMs: 5, cpuMs: 9, peakBytes: 70 });
  await started.close();
});

test("a peer that ends is named with what it said", async () => {
  const python = drawnPython("echo 'no such graph' >&2; exit 1");
  const [way] = await peerWays(["onnxruntime"], { graph, python });
  const started = way!.start(1);
  await expect(started.load()).rejects.toThrow("--peers onnxruntime: the program ended (found no such graph)");
  await started.close();
});

test("an unknown runtime is refused with those that there are", async () => {
  await expect(peerWays(["tensorrt"], { graph, python: "python3" })).rejects.toThrow(
    "--peers: unknown runtime (found tensorrt, expected onnxruntime, openvino, openvino-bf16)",
  );
});
