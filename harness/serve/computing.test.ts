import { expect, test } from "vitest";
import { computingOf, requireWritable } from "./computing.ts";

test("a provider says where models compute, by what, and with how many threads", () => {
  expect(computingOf("cpu")).toEqual({ provider: "cpu", place: "harness", engine: "wasm", threads: undefined });
  expect(computingOf("web-wasm2")).toEqual({ provider: "web-wasm2", place: "page", engine: "wasm", threads: 2 });
  expect(computingOf("web-webgpu")).toMatchObject({ place: "page", engine: "webgpu" });
});

test.each([
  ["cuda", "--provider cuda: bench serve does not compute by it"],
  ["web-wasm", "expected cpu, web-wasm1, web-wasm2 and so on, or web-webgpu"],
  ["cpu,web-wasm1", "--provider: all models of a page compute by one"],
])("%s is no provider of a page, and the message names those that are", (provider, message) => {
  expect(() => computingOf(provider)).toThrow(message);
  expect(() => computingOf(provider)).toThrow("web-webgpu");
});

test("a page that is written as files can not ask the harness", () => {
  expect(() => requireWritable(computingOf("cpu"))).toThrow("no harness to ask (found --provider cpu)");
  expect(() => requireWritable(computingOf("web-wasm1"))).not.toThrow();
});
