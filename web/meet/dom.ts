// Making elements in one expression. Nothing about calls lives here.

type Attribute = string | boolean | null | EventListener;

/** Makes an element. `on...` takes a listener, `true` an empty attribute; `false` and null leave it out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, Attribute> = {},
  ...children: (Node | string | null)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Sets `attribute` only when it differs: writing the same value again would restart transitions and wake screen readers. */
export function mark(element: Element, attribute: string, value: string | boolean): void {
  const text = String(value);
  if (element.getAttribute(attribute) !== text) element.setAttribute(attribute, text);
}

/** Sets the text only when it differs. */
export function write(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
