// Short messages that come and go, and what only a screen reader says.

import { h, write } from './dom';

const SHOWN_MS = 7000;
const AT_MOST = 3;

/** Shows a message for some seconds; a click puts it away. The same message is not shown twice at once. */
export function notice(text: string): void {
  const home = document.getElementById('notices');
  if (!home || !text || [...home.children].some((child) => child.firstChild?.textContent === text)) return;
  const close = h('button', { type: 'button', class: 'notice-close', 'aria-label': 'Dismiss', onclick: () => item.remove() }, '×');
  const item = h('div', { class: 'notice', 'data-testid': 'notice' }, h('span', {}, text), close);
  home.append(item);
  while (home.children.length > AT_MOST) home.firstElementChild?.remove();
  setTimeout(() => item.remove(), SHOWN_MS);
}

/** Says `text` to screen readers only. */
export function announce(text: string): void {
  const home = document.getElementById('announcements');
  if (home) write(home, text);
}
