import * as ort from "onnxruntime-web/webgpu";
import { HarnessError } from "../../../errors.ts";

export { ort };

export const engine = "webgpu";

export const runtimeName = "ort-wasm-simd-threaded.asyncify";

/** The part of WebGPU that is read here. */
interface Gpu {
  requestAdapter(): Promise<{
    readonly info: Readonly<Record<"vendor" | "architecture" | "description", string>>;
  } | null>;
}

/** Returns the name of the device that WebGPU computes on. Throws HarnessError where the browser has none. */
export async function deviceName(): Promise<string> {
  const { gpu } = (globalThis as unknown as { readonly navigator: { readonly gpu?: Gpu } }).navigator;
  const adapter = await gpu?.requestAdapter();
  if (adapter === undefined || adapter === null)
    throw new HarnessError("this browser gives the page no device for WebGPU", {
      hint: "chrome://gpu says why; --runtime web computes by WebAssembly",
    });
  const { vendor, architecture, description } = adapter.info;
  return [vendor, architecture, description].filter((part) => part !== "").join(" ") || "a device without a name";
}
