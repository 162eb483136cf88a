import { execFileSync } from "node:child_process";
import type { Job } from "kubernetes-types/batch/v1.d.ts";
import { expect, test } from "vitest";
import { word } from "./job.ts";
import { kubernetesJob } from "./kubernetes.ts";

const job = {
  command: ["echo"],
  run: ["--variants", "sam nano's"],
  shards: 5,
  threads: 4,
  results: "results",
  home: "home",
  nodeTypes: [],
};

// The type is the check of names and kinds of its fields: `npm run check`.
const manifest: Job = kubernetesJob(job, { container: "registry/sam-bench:1", volumeClaim: "shared" });

test("an indexed Job has a pod a shard, each started again where it dies", () => {
  expect(manifest.spec).toMatchObject({ completionMode: "Indexed", completions: 5, backoffLimitPerIndex: 3 });
  // The API refuses a limit per index with any other policy.
  expect(manifest.spec!.template.spec!.restartPolicy).toBe("Never");
});

test.skipIf(process.platform === "win32")("pod 0 takes shard 1, and words with blanks and quotes stay words", () => {
  const [program, ...args] = manifest.spec!.template.spec!.containers[0]!.command!;
  const said = execFileSync(program!, args, { env: { ...process.env, JOB_COMPLETION_INDEX: "0" }, encoding: "utf8" });
  expect(said).toBe("run --variants sam nano's --threads 4 --phase accuracy --shard 1/5 --results results/shards\n");
});

test.skipIf(process.platform === "win32")("a shell reads every quoted word back", () => {
  const texts = ["plain", "two words", "it's", '"$HOME" `id` $(id)', "", "a\nb", "*"];
  const said = execFileSync("/bin/sh", ["-c", `printf '%s\\0' ${texts.map(word).join(" ")}`], { encoding: "utf8" });
  expect(said.split("\0").slice(0, -1)).toEqual(texts);
});
