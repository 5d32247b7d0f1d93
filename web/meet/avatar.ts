// What stands for a person without a picture. Pure.

const HUES = 8;

/** Returns up to two initials: of the first and the last word of a name, or the first letter of the only one. */
export function initials(name: string): string {
  const words = name.trim().split(/[\s._-]+/u).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const first = letter(words[0]);
  return words.length > 1 ? first + letter(words[words.length - 1]) : first;
}

function letter(word: string | undefined): string {
  // By code point: a name may start with a letter outside the basic plane.
  return [...(word ?? '')].find((character) => /[\p{L}\p{N}]/u.test(character))?.toLocaleUpperCase() ?? '?';
}

/** Returns which of the 8 avatar colours a person has: the same one on every screen. */
export function hue(identity: string): number {
  let sum = 0;
  for (const character of identity) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return sum % HUES;
}
