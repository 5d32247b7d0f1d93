import { describe, expect, it } from 'vitest';
import { isOn } from '../../core/call_state';
import { peersOf, permissionsOf, titleOf, type ParticipantView, type PublicationView } from '../../core/snapshot';

function participant(identity: string, view: { name?: string; joined?: number; tracks?: Record<string, PublicationView> } = {}): ParticipantView {
  return {
    identity,
    name: view.name,
    isSpeaking: false,
    joinedAt: view.joined === undefined ? undefined : new Date(view.joined),
    getTrackPublication: (source) => view.tracks?.[source],
  };
}

describe('the peers of a call', () => {
  it('stand with self first, then in the order in which they joined', () => {
    const others = [participant('c', { joined: 3 }), participant('b', { joined: 1 }), participant('a', { joined: 3 })];
    expect(peersOf(participant('me', { joined: 9 }), others).map((peer) => peer.identity)).toEqual(['me', 'b', 'a', 'c']);
  });

  it('are called by their name, or by their identity without one', () => {
    const [self, other] = peersOf(participant('me', { name: ' ' }), [participant('x', { name: 'Ada' })]);
    expect([self?.name, other?.name]).toEqual(['me', 'Ada']);
  });

  it('show which tracks are on', () => {
    const tracks = { microphone: { trackSid: 'TR_1', isMuted: true }, camera: { trackSid: 'TR_2', isMuted: false } };
    const [self] = peersOf(participant('me', { tracks }), []);
    expect(self?.microphone).toEqual({ sid: 'TR_1', muted: true, media: null });
    expect([isOn(self?.microphone ?? null), isOn(self?.camera ?? null), isOn(self?.screen ?? null)]).toEqual([false, true, false]);
  });
});

describe('permissions', () => {
  it('are none before the server told any', () => {
    expect(permissionsOf(undefined)).toEqual({ microphone: false, camera: false, screen: false });
  });

  it('are all for a publisher without a list of sources', () => {
    expect(permissionsOf({ canPublish: true, canPublishSources: [] })).toEqual({ microphone: true, camera: true, screen: true });
  });

  it('are those of the list', () => {
    expect(permissionsOf({ canPublish: true, canPublishSources: [2] })).toEqual({ microphone: true, camera: false, screen: false });
  });

  it('are none for a viewer, whatever the list says', () => {
    expect(permissionsOf({ canPublish: false, canPublishSources: [1, 2, 3] })).toEqual({ microphone: false, camera: false, screen: false });
  });
});

describe('the title of a meeting', () => {
  it.each([
    ['{"title":"Planning"}', 'Planning'],
    ['{"title":7}', ''],
    ['null', ''],
    ['not json', ''],
    [undefined, ''],
  ])('%s is read as "%s"', (metadata, title) => {
    expect(titleOf(metadata)).toBe(title);
  });
});
