// The card that says why there is no call, and what to do.

import type { Problem } from '../core';
import { h } from './dom';
import { icon, type IconName } from './icons';

const ICONS: Record<string, IconName> = {
  token_missing: 'link',
  token_invalid: 'link',
  token_expired: 'link',
  token_revoked: 'link',
  meeting_missing: 'link',
  left: 'door',
  meeting_ended: 'door',
};

// Nothing went wrong here: no error code to pass on.
const CALM = new Set(['left', 'meeting_ended', 'duplicate_identity', 'participant_removed']);

/** Makes the card. `again` is shown when trying again can help. */
export function problemCard(problem: Problem, again: { label: string; act: () => void } | null): HTMLElement {
  const button =
    again && problem.remedy === 'rejoin'
      ? h('button', { type: 'button', class: 'button', 'data-testid': 'rejoin', onclick: again.act }, again.label)
      : null;
  return h(
    'section',
    { class: 'card problem', role: 'alert', 'data-testid': 'problem', 'data-problem': problem.id },
    h('div', { class: 'problem-icon' }, icon(ICONS[problem.id] ?? 'warning')),
    h('h1', {}, problem.title),
    h('p', {}, problem.detail),
    button,
    CALM.has(problem.id) ? null : h('p', { class: 'problem-id' }, `Error: ${problem.id}`),
  );
}
