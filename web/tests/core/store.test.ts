import { describe, expect, it } from 'vitest';
import { createStore } from '../../core/store';

describe('a store', () => {
  it('tells a new watcher the value, then every change', () => {
    const store = createStore(1);
    const seen: number[] = [];
    store.subscribe((value) => seen.push(value));
    store.set(2);
    store.update((value) => value + 1);
    expect(seen).toEqual([1, 2, 3]);
  });

  it('tells nobody about the same value', () => {
    const store = createStore('a');
    const seen: string[] = [];
    store.subscribe((value) => seen.push(value));
    store.set('a');
    expect(seen).toEqual(['a']);
  });

  it('lets a watcher stop another one while it is told', () => {
    const store = createStore(0);
    const seen: number[] = [];
    let stop = (): void => undefined;
    store.subscribe((value) => value > 0 && stop());
    stop = store.subscribe((value) => seen.push(value));
    store.set(1);
    expect(seen).toEqual([0]);
  });
});
