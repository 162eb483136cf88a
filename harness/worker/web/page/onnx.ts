/**
 * This file has what variants import of `onnx/index.ts`, for a web page: the bundler puts it in that one's place. A variant that needs
 * more to be loaded can not run in a page, and the bundler names what it needs.
 */
export { eachImage } from "../../../onnx/batch/eachImage.ts";
export type { Session } from "../../../onnx/session.ts";
export { leastScores } from "../../../onnx/sessions/siftedInputs.ts";
export { openSession } from "./session.ts";

/** Pages decode every prompt whole: graphs are cut in two on the processor alone. */
export function siftedModel(): undefined {
  return undefined;
}
