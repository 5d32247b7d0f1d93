// Where the token is while the page is open: out of the address bar, and back after a reload of the same tab.

import { readAddress, type MeetAddress } from '../core';

const KEY = 'parley.token.';

/** Reads the address, takes the token out of it, and finds the one of before the reload when there is none. */
export function takeAddress(page: Window): MeetAddress {
  const address = readAddress(page.location.href);
  // The history entry is replaced, so that the token is neither seen over a shoulder nor synchronised with the history.
  if (page.location.search.includes('token=')) page.history.replaceState(null, '', address.withoutToken);
  const kept = storage(page);
  const key = KEY + address.meetingId;
  if (address.token) kept?.setItem(key, address.token);
  return { ...address, token: address.token || (kept?.getItem(key) ?? '') };
}

/** Forgets a token that the server does not take any more. */
export function forgetToken(page: Window, meetingId: string): void {
  storage(page)?.removeItem(KEY + meetingId);
}

// Session storage dies with the tab. Browsers set to block site data throw on the mere access.
function storage(page: Window): Storage | null {
  try {
    return page.sessionStorage;
  } catch {
    return null;
  }
}
