import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["harness/**/*.test.ts", "variants/**/*.test.ts", "datasets/**/*.test.ts", "notebooks/**/*.test.ts"],
    setupFiles: ["vitest.setup.ts"],
    pool: "forks",
    testTimeout: 120_000,
    // Hooks load every plug-in: a second, and longer where other work runs beside the tests.
    hookTimeout: 120_000,
    // Sessions of ONNX Runtime use every core: one file at a time keeps memory and time bounded on two cores.
    fileParallelism: false,
  },
});
