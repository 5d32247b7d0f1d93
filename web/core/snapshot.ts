// From the library's live objects to plain values. Pure: the views below are what we read of LiveKit's classes.

import type { Track } from 'livekit-client';
import type { PeerState, Permissions, TrackState } from './call_state';

export interface PublicationView {
  readonly trackSid: string;
  readonly isMuted: boolean;
  readonly track?: Track | undefined;
}

export interface ParticipantView {
  readonly identity: string;
  readonly name?: string | undefined;
  readonly isSpeaking: boolean;
  readonly joinedAt?: Date | undefined;
  getTrackPublication(source: Track.Source): PublicationView | undefined;
}

export interface PermissionView {
  readonly canPublish: boolean;
  readonly canPublishSources: readonly number[];
}

// LiveKit's Track.Source by value: an import of the enum would load the library where only types are needed.
const SOURCES = {
  microphone: 'microphone',
  camera: 'camera',
  screen: 'screen_share',
  screenAudio: 'screen_share_audio',
} as Record<'microphone' | 'camera' | 'screen' | 'screenAudio', Track.Source>;

// livekit_models.proto TrackSource
const CAMERA = 1;
const MICROPHONE = 2;
const SCREEN_SHARE = 3;

const NOBODY: ReadonlySet<string> = new Set();

/**
 * Returns self and the others, oldest first; people who joined at the same second stand in order of identity.
 * `heard` are those who speak by our own ears, beside those of whom the server says so.
 */
export function peersOf(self: ParticipantView, others: Iterable<ParticipantView>, heard: ReadonlySet<string> = NOBODY): PeerState[] {
  const age = (peer: ParticipantView): number => peer.joinedAt?.getTime() ?? 0;
  const sorted = [...others].sort((a, b) => age(a) - age(b) || a.identity.localeCompare(b.identity));
  return [peerOf(self, true, heard), ...sorted.map((peer) => peerOf(peer, false, heard))];
}

function peerOf(peer: ParticipantView, self: boolean, heard: ReadonlySet<string>): PeerState {
  return {
    identity: peer.identity,
    name: peer.name?.trim() || peer.identity,
    self,
    speaking: peer.isSpeaking || heard.has(peer.identity),
    microphone: trackOf(peer.getTrackPublication(SOURCES.microphone)),
    camera: trackOf(peer.getTrackPublication(SOURCES.camera)),
    screen: trackOf(peer.getTrackPublication(SOURCES.screen)),
    screenAudio: trackOf(peer.getTrackPublication(SOURCES.screenAudio)),
  };
}

function trackOf(publication: PublicationView | undefined): TrackState | null {
  if (!publication) return null;
  return { sid: publication.trackSid, muted: publication.isMuted, media: publication.track ?? null };
}

/** Returns what may be published. An empty list of sources means all of them, as LiveKit has it. */
export function permissionsOf(view: PermissionView | undefined): Permissions {
  const may = (source: number): boolean =>
    view !== undefined && view.canPublish && (view.canPublishSources.length === 0 || view.canPublishSources.includes(source));
  return { microphone: may(MICROPHONE), camera: may(CAMERA), screen: may(SCREEN_SHARE) };
}

/** Returns the title of the meeting from the room's metadata (`{"title": ...}`), or nothing. */
export function titleOf(metadata: string | undefined): string {
  try {
    const value: unknown = JSON.parse(metadata ?? '');
    const title = (value as { title?: unknown } | null)?.title;
    return typeof title === 'string' ? title : '';
  } catch {
    return '';
  }
}
