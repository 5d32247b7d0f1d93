// What the address of the page says: which meeting, with which token. Pure; who reads the address bar is elsewhere.

export interface MeetAddress {
  readonly meetingId: string;
  /** Empty when the link carries none. */
  readonly token: string;
  /** Skip the card before the call: for tests and for pages that embed this one. */
  readonly autojoin: boolean;
  /** The same address without the token: this is what stays in the address bar and in the history. */
  readonly withoutToken: string;
}

/** Reads `/meet/{meeting_id}?token=...&autojoin=1`. An address without a meeting gives an empty `meetingId`. */
export function readAddress(href: string): MeetAddress {
  const url = new URL(href);
  const [, meet, id = ''] = url.pathname.split('/');
  const token = url.searchParams.get('token') ?? '';
  const autojoin = url.searchParams.get('autojoin') === '1';
  url.searchParams.delete('token');
  return {
    meetingId: meet === 'meet' ? decode(id) : '',
    token: token.trim(),
    autojoin,
    withoutToken: `${url.pathname}${url.search}${url.hash}`,
  };
}

/** Turns the origin of the page (`https://host`) into the address that LiveKit clients take (`wss://host`). */
export function signallingUrl(origin: string): string {
  return origin.replace(/^http/, 'ws');
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
