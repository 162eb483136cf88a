import { configDefaults, defineConfig } from "vitest/config";

const include = ["harness/**/*.test.ts", "variants/**/*.test.ts", "datasets/**/*.test.ts", "notebooks/**/*.test.ts"];

/** Files that put another module in a module's place, or change their process for good: each has a process of its own. */
const apart = [
  "harness/coco/read/annotationIndexes.test.ts",
  "harness/commands/doctor.test.ts",
  "datasets/coco/dataset.test.ts",
];

/** Files that need gigabytes, or every core for long: each has the machine to itself. */
const alone = ["variants/sam/vitB.slow.test.ts", "harness/diff/vitB.slow.test.ts"];

/** Files that take ten seconds or more: `npm run test:slow`. */
const slow = ["**/*.slow.test.ts"];

/** Files that compare every full-size preset with its authors' values, with up to 7 GB: `npm run verify:all`, by hand. */
const all = ["**/*.all.test.ts"];

const { exclude } = configDefaults;
// Most files keep one core busy; sessions of ONNX Runtime use more. Two at a time keep memory and time bounded on two cores.
const twoAtATime = { maxWorkers: 2, sequence: { groupOrder: 0 } };

const patient = { testTimeout: 600_000, hookTimeout: 600_000 };

export default defineConfig({
  test: {
    globalSetup: ["vitest.folders.ts"],
    setupFiles: ["vitest.setup.ts"],
    pool: "forks",
    testTimeout: 120_000,
    // Hooks load every plug-in: a second, and longer where other work runs beside the tests.
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: "quick",
          include,
          exclude: [...exclude, ...apart, ...slow, ...all],
          // These files share two processes, which saves each a second. What our modules keep is new in each file all the same.
          isolate: false,
          ...twoAtATime,
        },
      },
      { extends: true, test: { name: "apart", include: apart, ...twoAtATime } },
      {
        extends: true,
        test: { name: "slow", include: slow, exclude: [...exclude, ...alone], ...patient, ...twoAtATime },
      },
      {
        extends: true,
        test: { name: "alone", include: alone, ...patient, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
      { extends: true, test: { name: "all", include: all, maxWorkers: 1, sequence: { groupOrder: 2 } } },
    ],
  },
});
