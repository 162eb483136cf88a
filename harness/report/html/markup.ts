/** Text that is markup already. Only `html` makes it, so that data can not pass for markup. */
export interface Markup {
  readonly markup: string;
}

type Part = string | number | Markup | readonly Part[] | undefined;

/** A template whose values are escaped, but for markup; lists are joined, what is absent is nothing. */
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

/** For text and for attributes in quotes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => entities[sign]!);
}

/** Data for a script of the page: no sequence in it ends the script element or begins a comment. */
export function jsonScript(id: string, value: unknown): Markup {
  const json = JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (sign) => {
    return `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return { markup: `<script type="application/json" id="${escapeHtml(id)}">${json}</script>` };
}

/** Program text of this project's own or of its libraries. Throws for one that would end its element early. */
export function script(code: string): Markup {
  if (/<\/script|<!--/i.test(code)) throw new Error("script: ends its own element");
  return { markup: `<script>${code}</script>` };
}

export function style(rules: string): Markup {
  if (/<\/style/i.test(rules)) throw new Error("style: ends its own element");
  return { markup: `<style>${rules}</style>` };
}
