// Why the server does not let us in. A browser hides the HTTP answer to a failed WebSocket, so we ask again by HTTP.

import { problem, type Problem } from './problems';

const TIMEOUT_MS = 5000;

/** What the server says about a token before anybody joins. `title` is empty when the server does not tell. */
export type Verdict = { readonly welcome: true; readonly title: string } | { readonly welcome: false; readonly problem: Problem };

/** Asks `GET /rtc/v1/validate` about `token`. The token goes in a header: addresses end up in logs. Never throws. */
export async function askServer(origin: string, token: string, get: typeof fetch): Promise<Verdict> {
  let response: Response;
  let body: string;
  try {
    response = await get(`${origin}/rtc/v1/validate`, {
      headers: { Authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      cache: 'no-store',
    });
    body = await response.text();
  } catch {
    return { welcome: false, problem: problem('server_unreachable') };
  }
  return readVerdict(response.status, body);
}

/** Reads the answer: 200 welcomes; anything else names the error in the API's envelope, or only by its status. */
export function readVerdict(status: number, body: string): Verdict {
  const envelope = parse(body);
  if (status < 400) return { welcome: true, title: text(record(record(envelope.data).meeting).title) };
  const errors = Array.isArray(envelope.errors) ? envelope.errors : [];
  const error = record(envelope.error ?? errors[0]);
  const id = text(error.id);
  return { welcome: false, problem: problem(id || idOfStatus(status), text(error.message)) };
}

function idOfStatus(status: number): string {
  if (status === 401) return 'token_invalid';
  if (status === 403) return 'not_allowed';
  if (status === 429) return 'too_many_requests';
  // A gateway in front of us answers 502-504 when nothing is behind it.
  if (status >= 502 && status <= 504) return 'server_unreachable';
  return 'server_error';
}

function parse(body: string): Record<string, unknown> {
  try {
    return record(JSON.parse(body));
  } catch {
    return {};
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
