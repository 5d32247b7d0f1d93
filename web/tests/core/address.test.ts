import { describe, expect, it } from 'vitest';
import { readAddress, signallingUrl } from '../../core/address';

describe('the address of the page', () => {
  it('names the meeting and the token', () => {
    const address = readAddress('https://host/meet/0190-ab?token=a.b.c');
    expect(address).toMatchObject({ meetingId: '0190-ab', token: 'a.b.c', autojoin: false });
  });

  it('keeps everything but the token', () => {
    const address = readAddress('https://host/meet/m1?autojoin=1&token=secret&lang=de#x');
    expect(address.withoutToken).toBe('/meet/m1?autojoin=1&lang=de#x');
    expect(address.autojoin).toBe(true);
  });

  it.each(['https://host/meet/', 'https://host/meet', 'https://host/', 'https://host/other/m1'])('has no meeting in %s', (href) => {
    expect(readAddress(href).meetingId).toBe('');
  });

  it('survives a broken escape', () => {
    expect(readAddress('https://host/meet/%E0%A4%A?token=').meetingId).toBe('%E0%A4%A');
  });

  it('takes one of several tokens and removes them all', () => {
    const address = readAddress('https://host/meet/m1?token=a&token=b');
    expect(address.token).toBe('a');
    expect(address.withoutToken).toBe('/meet/m1');
  });

  it('leads to the socket of the same server', () => {
    expect(signallingUrl('https://host:8443')).toBe('wss://host:8443');
    expect(signallingUrl('http://localhost:8000')).toBe('ws://localhost:8000');
  });
});
