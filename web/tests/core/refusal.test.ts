import { describe, expect, it } from 'vitest';
import { problem } from '../../core/problems';
import { askRefusal, readRefusal } from '../../core/refusal';

const envelope = (id: string, message = ''): string => JSON.stringify({ success: false, error: { id, message } });

function reason(status: number, body: string): string | undefined {
  return readRefusal(status, body)?.id;
}

describe('the answer of the server', () => {
  it('is no refusal when it is a success', () => {
    expect(readRefusal(200, 'success')).toBeNull();
  });

  it.each([
    [401, 'token_expired', 'token_expired'],
    [401, 'token_revoked', 'token_revoked'],
    [403, 'meeting_inactive', 'meeting_inactive'],
    [404, 'meeting_not_found', 'meeting_not_found'],
    [503, 'no_node_available', 'server_busy'],
    [500, 'internal_error', 'server_error'],
  ])('%i %s is shown as %s', (status, id, shown) => {
    expect(reason(status, envelope(id))).toBe(shown);
  });

  it('is read from a list of errors as well', () => {
    expect(reason(401, '{"success":false,"errors":[{"code":40105,"id":"token_expired","message":"x"}]}')).toBe('token_expired');
  });

  it.each([
    [401, 'token_invalid'],
    [403, 'not_allowed'],
    [429, 'too_many_requests'],
    [500, 'server_error'],
    [502, 'server_unreachable'],
    [504, 'server_unreachable'],
  ])('%i without an envelope is shown as %s', (status, shown) => {
    for (const body of ['', '<html>', 'null', '[]', '{"error":null}', '{"error":"no"}']) expect(reason(status, body)).toBe(shown);
  });

  it('is shown in the words of the server when we have none', () => {
    const shown = readRefusal(403, envelope('waiting_room', 'The host lets you in soon.'));
    expect(shown).toMatchObject({ id: 'waiting_room', detail: 'The host lets you in soon.' });
  });
});

describe('asking the server', () => {
  it('sends the token in a header, never in the address', async () => {
    const asked: { url: string; init: RequestInit }[] = [];
    const get = async (url: unknown, init?: RequestInit): Promise<Response> => {
      asked.push({ url: String(url), init: init ?? {} });
      return new Response('success');
    };
    await askRefusal('https://host', 'secret', get as typeof fetch);
    expect(asked[0]?.url).toBe('https://host/rtc/v1/validate');
    expect(new Headers(asked[0]?.init.headers).get('authorization')).toBe('Bearer secret');
  });

  it('says that the server is away when nothing answers', async () => {
    const refusal = await askRefusal('https://host', 't', () => Promise.reject(new TypeError('failed')));
    expect(refusal).toEqual(problem('server_unreachable'));
  });
});
