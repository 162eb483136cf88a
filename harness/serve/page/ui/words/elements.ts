/** Constructor of a kind of element. */
type Kind<T extends Element> = new () => T;

/** Returns the first element that a selector names. page.html holds all that is asked for: another kind or none is a bug. */
export function find<T extends Element>(root: ParentNode, selector: string, kind: Kind<T>): T {
  const found = root.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`page.html has no ${kind.name} ${selector}`);
  return found;
}

/** Returns a copy of the one element in a template of page.html. */
export function copyOf<T extends Element>(template: string, kind: Kind<T>): T {
  const { content } = find(document, `template#${template}`, HTMLTemplateElement);
  const copy = (content.cloneNode(true) as DocumentFragment).firstElementChild;
  if (!(copy instanceof kind)) throw new Error(`page.html's template ${template} does not begin with ${kind.name}`);
  return copy;
}

/** Writes a text where it is another: a live region says each change, and a selection in an unchanged text stays. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Makes an element with a text. */
export function textElement<K extends keyof HTMLElementTagNameMap>(name: K, text: string): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}
