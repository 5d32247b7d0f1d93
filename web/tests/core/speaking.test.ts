import { describe, expect, it } from 'vitest';
import { sameSet, SpeakingDetector } from '../../core/speaking';

// One look every 200 ms at one person; returns at which looks the person speaks.
function looks(levels: readonly number[], marks: readonly number[] = levels.map((_, at) => at)): boolean[] {
  const detector = new SpeakingDetector();
  return levels.map((level, at) => detector.look(new Map([['ada', { level, mark: marks[at] ?? 0 }]]), at * 200).has('ada'));
}

describe('who speaks', () => {
  it('is somebody loud for more than a moment', () => {
    expect(looks([0.2, 0.2, 0.2])).toEqual([false, true, true]);
  });

  it('is nobody for a click or a whisper', () => {
    expect(looks([0.5, 0, 0, 0, 0, 0, 0.5, 0])).not.toContain(true);
    expect(looks([0.01, 0.01, 0.01, 0.01])).not.toContain(true);
  });

  it('goes on through the pauses between words and ends after the last', () => {
    expect(looks([0.2, 0.2, 0, 0, 0.2, 0, 0, 0, 0, 0])).toEqual([false, true, true, true, true, true, true, true, true, false]);
  });

  it('is nobody whose last loud packet is only remembered', () => {
    expect(looks([0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2], [1, 2, 2, 2, 2, 2, 2]).at(-1)).toBe(false);
  });

  it('is nobody who muted', () => {
    const detector = new SpeakingDetector();
    const loud = (mark: number): Map<string, { level: number; mark: number }> => new Map([['ada', { level: 1, mark }]]);
    detector.look(loud(1), 0);
    expect(detector.look(loud(2), 200).size).toBe(1);
    expect(detector.look(new Map(), 400).size).toBe(0);
  });
});

it('sets with the same members are the same', () => {
  expect(sameSet(new Set(['a', 'b']), new Set(['b', 'a']))).toBe(true);
  expect(sameSet(new Set(['a']), new Set(['b']))).toBe(false);
});
