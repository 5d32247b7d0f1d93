// Who speaks, judged from sound levels. Pure: levels and times come in as arguments.

/** One look at a track. `mark` changes when new sound has arrived: a level of before is not sound of now. */
export interface Level {
  /** Linear, 0 to 1, as WebRTC's statistics have it. */
  readonly level: number;
  readonly mark: number;
}

// About -36 dBov: below it are breathing and keyboards.
const LOUD = 0.016;
// A click is loud for one look; speech for several.
const LOOKS_TO_START = 2;
// Pauses between words are shorter than this.
const HOLD_MS = 900;

interface Voice {
  mark: number;
  loudLooks: number;
  loudAt: number;
}

/** Remembers how loud everybody was, and names those who speak. */
export class SpeakingDetector {
  private readonly voices = new Map<string, Voice>();

  /** Takes the levels of everybody who can be heard, `now` in ms; returns the identities of those who speak. */
  look(levels: ReadonlyMap<string, Level>, now: number): ReadonlySet<string> {
    for (const identity of this.voices.keys()) if (!levels.has(identity)) this.voices.delete(identity);
    for (const [identity, level] of levels) this.hear(identity, level, now);
    const speaking = [...this.voices].filter(([, voice]) => voice.loudLooks >= LOOKS_TO_START && now - voice.loudAt < HOLD_MS);
    return new Set(speaking.map(([identity]) => identity));
  }

  private hear(identity: string, { level, mark }: Level, now: number): void {
    const voice = this.voices.get(identity) ?? { mark: Number.NaN, loudLooks: 0, loudAt: Number.NEGATIVE_INFINITY };
    this.voices.set(identity, voice);
    const fresh = mark !== voice.mark;
    voice.mark = mark;
    if (now - voice.loudAt >= HOLD_MS) voice.loudLooks = 0;
    if (!fresh || level < LOUD) return;
    voice.loudLooks += 1;
    voice.loudAt = now;
  }
}

/** Tells whether two sets hold the same. */
export function sameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((value) => b.has(value));
}
