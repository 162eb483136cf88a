/** Text that is markup already. Only `html` makes it, so data can not pass for markup. */
export interface Markup {
  readonly markup: string;
}

type Part = string | number | Markup | readonly Part[] | undefined;

/** Fills a template: values are escaped unless they are markup, lists are joined, and absent values become nothing. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return { markup: texts.reduce((sum, text, i) => sum + written(parts[i - 1]) + text) };
}

function written(part: Part): string {
  if (part === undefined) return "";
  if (typeof part === "string" || typeof part === "number") return escapeHtml(String(part));
  return "markup" in part ? part.markup : part.map(written).join("");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escapes a text for use between tags and in quoted attributes. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => entities[sign]!);
}

/** Writes data for a script of the page: no sequence in it ends the script element or begins a comment. */
export function jsonScript(id: string, value: unknown): Markup {
  const json = JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (sign) => {
    return `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return { markup: `<script type="application/json" id="${escapeHtml(id)}">${json}</script>` };
}

/**
 * Writes program text of this project or of its libraries as a script. Throws for text that would end its element early.
 */
export function script(code: string): Markup {
  if (/<\/script|<!--/i.test(code)) throw new Error("script: ends its own element");
  return { markup: `<script>${code}</script>` };
}

export function style(rules: string): Markup {
  if (/<\/style/i.test(rules)) throw new Error("style: ends its own element");
  return { markup: `<style>${rules}</style>` };
}
