// Everything that can keep a person out of a call, in words for that person. Pure: texts and the mapping to them.

/** What the person can do about it: join again with the same token, ask for a new link, or nothing. */
export type Remedy = 'rejoin' | 'new_link' | 'none';

export interface Problem {
  /** Stable: an error id of the server (`token_expired`), or one of ours (`server_unreachable`). */
  readonly id: string;
  readonly title: string;
  readonly detail: string;
  readonly remedy: Remedy;
}

const ASK_HOST = 'Ask the person who invited you for a new link.';

const TEXTS: Record<string, Omit<Problem, 'id'>> = {
  meeting_missing: {
    title: 'This link is not complete',
    detail: `It does not say which meeting to join. ${ASK_HOST}`,
    remedy: 'new_link',
  },
  token_missing: {
    title: 'You need an invitation',
    detail: `This link has no token, so we cannot tell who you are. ${ASK_HOST}`,
    remedy: 'new_link',
  },
  token_invalid: {
    title: 'This invitation is not valid',
    detail: `The link may have been cut off when it was copied, or belongs to another meeting. ${ASK_HOST}`,
    remedy: 'new_link',
  },
  token_expired: {
    title: 'This invitation has expired',
    detail: ASK_HOST,
    remedy: 'new_link',
  },
  token_revoked: {
    title: 'This invitation was withdrawn',
    detail: ASK_HOST,
    remedy: 'new_link',
  },
  not_allowed: {
    title: 'You may not join this meeting',
    detail: 'Your invitation does not let you in. Ask the host of the meeting.',
    remedy: 'new_link',
  },
  meeting_inactive: {
    title: 'This meeting is closed',
    detail: 'The host has switched it off. Try again when it has been opened.',
    remedy: 'rejoin',
  },
  meeting_not_found: {
    title: 'This meeting does not exist',
    detail: `It may have been deleted. ${ASK_HOST}`,
    remedy: 'new_link',
  },
  participant_not_found: {
    title: 'You are no longer invited',
    detail: `Your invitation was removed from the meeting. ${ASK_HOST}`,
    remedy: 'new_link',
  },
  meeting_full: {
    title: 'This meeting is full',
    detail: 'Try again when somebody has left.',
    remedy: 'rejoin',
  },
  too_many_requests: {
    title: 'Too many tries',
    detail: 'Wait a moment, then try again.',
    remedy: 'rejoin',
  },
  server_unreachable: {
    title: 'We cannot reach the server',
    detail: 'Check your internet connection, then try again.',
    remedy: 'rejoin',
  },
  server_busy: {
    title: 'The service is busy',
    detail: 'No server has room for this call right now. Try again in a moment.',
    remedy: 'rejoin',
  },
  server_error: {
    title: 'Something went wrong on our side',
    detail: 'Try again. If it keeps happening, tell the person who runs this service.',
    remedy: 'rejoin',
  },
  media_failed: {
    title: 'Sound and picture cannot get through',
    detail: 'A firewall or VPN may block calls on this network. Try another network, then join again.',
    remedy: 'rejoin',
  },
  browser_unsupported: {
    title: 'This browser cannot make calls',
    detail: 'Open the link in a current version of Chrome, Edge, Firefox or Safari.',
    remedy: 'none',
  },
  left: {
    title: 'You left the meeting',
    detail: 'You can come back while your invitation is valid.',
    remedy: 'rejoin',
  },
  duplicate_identity: {
    title: 'You joined from somewhere else',
    detail: 'The same invitation was used in another window or on another device, so this one left the call.',
    remedy: 'rejoin',
  },
  participant_removed: {
    title: 'You were removed from the meeting',
    detail: 'The host ended your participation.',
    remedy: 'none',
  },
  meeting_ended: {
    title: 'The meeting has ended',
    detail: 'Everybody was disconnected.',
    remedy: 'rejoin',
  },
  connection_lost: {
    title: 'The connection was lost',
    detail: 'We tried to get back into the call and could not. Check your internet connection, then join again.',
    remedy: 'rejoin',
  },
};

// Ids of the server that mean the same to a person.
const SAME_AS: Record<string, string> = {
  credential_missing: 'token_missing',
  credential_invalid: 'token_invalid',
  app_not_found: 'token_invalid',
  preset_not_found: 'not_allowed',
  session_ended: 'meeting_ended',
  busy: 'server_busy',
  no_node_available: 'server_busy',
  control_plane_unreachable: 'server_busy',
  internal_error: 'server_error',
};

/** Returns what to tell a person about error `id`; for an id we do not know, the server's own `message` if it has one. */
export function problem(id: string, message = ''): Problem {
  const known = SAME_AS[id] ?? id;
  const text = TEXTS[known];
  if (text) return { id: known, ...text };
  return { id, title: 'You could not join', detail: message || 'The server refused without a reason.', remedy: 'rejoin' };
}

// LiveKit's DisconnectReason (livekit_models.proto) by number, so that this file needs no library.
const DISCONNECTS: Record<number, string> = {
  1: 'left',
  2: 'duplicate_identity',
  3: 'server_error',
  4: 'participant_removed',
  5: 'meeting_ended',
  7: 'server_error',
  10: 'meeting_ended',
  14: 'connection_lost',
  15: 'media_failed',
};

/** Returns why a call that was running is over, from LiveKit's DisconnectReason. */
export function disconnectProblem(reason: number | undefined): Problem {
  return problem(DISCONNECTS[reason ?? 0] ?? 'connection_lost');
}
