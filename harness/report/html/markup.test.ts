import { expect, test } from "vitest";
import { html, jsonScript, script, style } from "./markup.ts";

const hostile = `</script><img src=x onerror="alert('1')">&`;

test("values are escaped in text and attributes, markup is not, lists are joined", () => {
  const { markup } = html`<p title="${hostile}">${[html`<b>${hostile}</b>`, 1, undefined]}</p>`;
  const escaped = "&lt;/script&gt;&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;";
  expect(markup).toBe(`<p title="${escaped}"><b>${escaped}</b>1</p>`);
});

test("data in a script can not end it, and is read back as it was", () => {
  const { markup } = jsonScript("data", { text: `${hostile}<!--\u2028` });
  const inside = /^<script type="application\/json" id="data">(.*)<\/script>$/.exec(markup)![1]!;
  expect(inside).not.toMatch(/[<>&\u2028]/);
  expect(JSON.parse(inside)).toEqual({ text: `${hostile}<!--\u2028` });
});

test("program text that would end its element is a bug", () => {
  expect(() => script("a = '</script>'")).toThrow("ends its own element");
  expect(() => style("a { content: '</style>' }")).toThrow();
});
