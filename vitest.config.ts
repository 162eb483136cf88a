import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["harness/**/*.test.ts", "variants/**/*.test.ts", "datasets/**/*.test.ts"],
    pool: "forks",
    testTimeout: 120_000,
    // Sessions of ONNX Runtime use every core: one file at a time keeps memory and time bounded on two cores.
    fileParallelism: false,
  },
});
