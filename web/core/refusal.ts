// Whether the server lets us in, and why not. A browser hides the HTTP answer to a failed WebSocket: we ask by HTTP.

import { problem, type Problem } from './problems';

const TIMEOUT_MS = 5000;

/**
 * Asks `GET /rtc/v1/validate` what a join with `token` would get; null when it would be let in. Joins nothing, never throws.
 * The token goes in a header: addresses end up in logs.
 */
export async function askRefusal(origin: string, token: string, get: typeof fetch): Promise<Problem | null> {
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
    return problem('server_unreachable');
  }
  return readRefusal(response.status, body);
}

/** Reads the answer: 200 is no refusal; anything else names the error in the API's envelope, or only by its status. */
export function readRefusal(status: number, body: string): Problem | null {
  if (status < 400) return null;
  const envelope = parse(body);
  const errors = Array.isArray(envelope.errors) ? envelope.errors : [];
  const error = record(envelope.error ?? errors[0]);
  const id = text(error.id);
  return problem(id || idOfStatus(status), text(error.message));
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
