import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const CORE = new URL('../../core/', import.meta.url);
const MEET = new URL('../../meet/', import.meta.url);
const files = (folder: URL): [string, string][] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => [name, readFileSync(new URL(name, folder), 'utf8')]);

it.each(files(CORE))('core/%s knows no page', (_, source) => {
  expect(source).not.toMatch(/\b(document|window|HTML\w*Element|localStorage|sessionStorage|location)\b\s*[.;,)|]/);
  expect(source).not.toContain('../meet');
});

it.each([...files(CORE), ...files(MEET)])('%s writes no log and no inline style or markup', (_, source) => {
  expect(source).not.toMatch(/console\.|innerHTML|outerHTML|insertAdjacentHTML|setAttribute\('style'|cssText/);
});

it.each([...files(CORE), ...files(MEET)])('%s stays short', (_, source) => {
  expect(source.split('\n').length).toBeLessThanOrEqual(400);
});
