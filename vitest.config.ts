import { configDefaults, defineConfig } from "vitest/config";

const include = ["harness/**/*.test.ts", "variants/**/*.test.ts", "datasets/**/*.test.ts", "notebooks/**/*.test.ts"];

/** Values in, values out: these files share two processes. What a module keeps is new in each file all the same. */
const pure = [
  "harness/{cluster,coco,image,mask,measure,metrics,onnx,prompts,protocols,quantize,report,stats,store,weights}/**/*.test.ts",
  "datasets/**/*.test.ts",
];

/** Files that put another module in a module's place, which lasts as long as their process. */
const mocking = ["harness/coco/read/annotationIndexes.test.ts", "datasets/coco/dataset.test.ts"];

/** Files that need gigabytes, or every core for long: each has the machine to itself. */
const alone = ["variants/sam/vitB.slow.test.ts"];

/** Files that take a minute or more: `npm run test:slow`. */
const slow = ["**/*.slow.test.ts"];

const { exclude } = configDefaults;
// Most files keep one core busy; sessions of ONNX Runtime use more. Two at a time keep memory and time bounded on two cores.
const twoAtATime = { maxWorkers: 2, sequence: { groupOrder: 0 } };

export default defineConfig({
  test: {
    setupFiles: ["vitest.setup.ts"],
    pool: "forks",
    testTimeout: 120_000,
    // Hooks load every plug-in: a second, and longer where other work runs beside the tests.
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: "pure",
          include: pure,
          exclude: [...exclude, ...mocking, ...slow],
          isolate: false,
          ...twoAtATime,
        },
      },
      { extends: true, test: { name: "whole", include, exclude: [...exclude, ...pure, ...slow], ...twoAtATime } },
      { extends: true, test: { name: "slow", include: slow, exclude: [...exclude, ...alone], ...twoAtATime } },
      { extends: true, test: { name: "mocking", include: mocking, ...twoAtATime } },
      { extends: true, test: { name: "alone", include: alone, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
});
