import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import type { Metric, Protocol } from "../../api.ts";
import { miou } from "../../metrics/index.ts";
import { metricsOf, ownBook, protocolOf } from "../../protocols/index.ts";
import { bookOf } from "./book.ts";
import { pluginOf } from "./pluginShape.ts";

// Any file that is there will do as the plug-in's own.
const file = fileURLToPath(import.meta.url);
const module = pathToFileURL(file).href;
const metric: Metric = {
  ...miou,
  module,
  id: "mine",
  headline: "mine",
  columns: [{ id: "mine", title: "mine" }],
  parts: [],
};
const protocol: Protocol = { ...protocolOf("miou-gtbox"), module, id: "my-boxes" };

test("a metric and a protocol from outside stand behind the project's own", () => {
  const book = bookOf({ protocols: [{ ...protocol, metrics: [miou, metric] }], metrics: [] });
  expect(book.metrics).toEqual([...ownBook.metrics, metric]);
  expect(book.protocols.slice(0, -1)).toEqual(ownBook.protocols);
  expect(metricsOf(book, book.protocols.at(-1)!).map(({ id }) => id)).toEqual(["miou", "mine"]);
});

test("a metric joins the protocols that it names, and no other", () => {
  const joining: Metric = { ...metric, joins: ({ ranksMasks }) => ranksMasks };
  const book = bookOf({ protocols: [], metrics: [joining] });
  expect(metricsOf(book, protocolOf("ap-vitdet-argmax")).map(({ id }) => id)).toEqual(["ap", "mine"]);
  expect(metricsOf(book, protocolOf("miou-gtbox")).map(({ id }) => id)).toEqual(["miou"]);
});

test.each([
  ["a protocol's id", { protocols: [{ ...protocol, id: "miou-gtbox" }], metrics: [] }, "the protocol miou-gtbox"],
  ["a metric's id", { protocols: [], metrics: [{ ...metric, id: "ap" }] }, "the metric ap"],
  ["a figure's id", { protocols: [], metrics: [{ ...metric, headline: "small" }] }, "the figure small"],
])("%s that is taken is refused, with the file", (_, brought, what) => {
  expect(() => bookOf(brought)).toThrow(`${file}: ${what} is there already`);
});

test("a metric and a protocol are told by their fields, and checked", () => {
  expect(pluginOf(metric, file)).toBe(metric);
  expect(pluginOf(protocol, file)).toBe(protocol);
});

test.each([
  ["a direction", { ...metric, better: "more" }, 'metric mine: better (found "more", expected higher or lower)'],
  [
    "columns",
    { ...metric, columns: ["mine"] },
    'metric mine: columns (found ["mine"], expected a list of { id, title })',
  ],
  ["a module", { ...metric, module: undefined }, "module (found nothing, expected import.meta.url)"],
  ["another module", { ...metric, module: miou.module }, `module (found "${miou.module}", expected import.meta.url)`],
  ["metrics", { ...protocol, metrics: [] }, "protocol my-boxes: metrics (found [], expected a list of metrics)"],
  ["a sampler", { ...protocol, passes: [{ scored: [] }] }, "protocol my-boxes: pass 1: sampler.id (found nothing"],
  [
    "a metric",
    { ...protocol, metrics: [{ ...metric, needs: "photos" }] },
    'protocol my-boxes: metric mine: needs (found "photos", expected rows or annotations)',
  ],
])("a plug-in without %s is refused by its field", (_, given, message) => {
  expect(() => pluginOf(given, file)).toThrow(`${file}: ${message}`);
});
