import { describe, expect, it } from 'vitest';
import { hue, initials } from '../../meet/avatar';

describe('initials', () => {
  it.each([
    ['Ada Lovelace', 'AL'],
    ['ada', 'A'],
    ['Ada King Lovelace', 'AL'],
    ['ada.lovelace@host', 'AL'],
    ['  李 雷 ', '李雷'],
    ['élodie-marie', 'ÉM'],
    ['🙂 Ada', 'A'],
    ['', '?'],
    ['---', '?'],
  ])('of "%s" are %s', (name, expected) => {
    expect(initials(name)).toBe(expected);
  });
});

it('the colour of a person is always the same, and one of eight', () => {
  expect(hue('ada')).toBe(hue('ada'));
  for (const identity of ['', 'a', 'ada', '🙂', 'x'.repeat(256)]) expect(hue(identity)).toBeLessThan(8);
});
