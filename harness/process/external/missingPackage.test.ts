import { expect, test } from "vitest";
import { missingPackage } from "./missingPackage.ts";

const traceback = (last: string) =>
  `Traceback (most recent call last):\n  File "mine.py", line 3, in <module>\n    import it\n${last}\n`;

test.each([
  [
    "importlib.metadata.PackageNotFoundError: No package metadata was found for torch-x",
    "its Python has no package torch-x: pip install torch-x",
  ],
  [
    "ModuleNotFoundError: No module named 'segment_anything.modeling'",
    "its Python has no module segment_anything: pip install segment_anything, or the package that holds it",
  ],
])("a traceback that ends in %s says which package is missing", (last, text) => {
  expect(missingPackage(traceback(last))).toBe(text);
});

test.each(["ValueError: No module named 'x'", "CUDA out of memory", ""])("%j names no package", (printed) => {
  expect(missingPackage(printed)).toBeUndefined();
});
