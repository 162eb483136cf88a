import type { FileHints, ValueNames } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import type { RunFlags } from "../runFlags.ts";

/**
 * Returns what the flags say of the files of `--variant-files`. Throws HarnessError where no file is given, and for names that
 * are no pairs.
 */
export function fileHintsOf(flags: Pick<RunFlags, "variant-files" | "input" | "onnx-names">): FileHints {
  const names = namesOf(flags["onnx-names"] ?? []);
  if ((flags["variant-files"] ?? []).length > 0) return { input: flags.input, names };
  const hint = "--variant-files NAME=ENCODER.onnx,DECODER.onnx";
  if (flags.input !== undefined)
    throw new HarnessError("--input: says what the encoder of --variant-files takes, and none is given", { hint });
  if (names !== undefined)
    throw new HarnessError("--onnx-names: names values of --variant-files, and none is given", { hint });
  return {};
}

/** Reads `ROLE=NAME` each: a role may have another name in each file, and a name stands for one role. */
function namesOf(pairs: readonly string[]): ValueNames | undefined {
  const names = new Map<string, string>();
  for (const pair of pairs.flatMap((each) => each.split(","))) {
    const at = pair.indexOf("=");
    const role = pair.slice(0, at);
    const inFile = pair.slice(at + 1);
    if (at < 1 || inFile === "")
      throw new HarnessError("--onnx-names: a role and a value's name are needed", {
        found: pair,
        expected: "ROLE=NAME, such as iou_predictions=scores",
      });
    const known = names.get(inFile);
    if (known !== undefined && known !== role)
      throw new HarnessError(`--onnx-names: ${inFile} can not be two values`, { found: `${known} and ${role}` });
    names.set(inFile, role);
  }
  return names.size === 0 ? undefined : Object.fromEntries(names);
}
