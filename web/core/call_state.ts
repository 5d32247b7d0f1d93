// What a user interface needs to know of a call, as plain values. Made new on every change; never edited in place.

import type { Track } from 'livekit-client';
import type { Problem } from './problems';

export type Phase = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'ended';

export interface TrackState {
  /** The server's id (`TR_...`); empty while a track of our own is being published. */
  readonly sid: string;
  readonly muted: boolean;
  /** Attach this to a `<video>` or `<audio>`; null while nothing arrives. */
  readonly media: Track | null;
}

export interface PeerState {
  readonly identity: string;
  readonly name: string;
  readonly self: boolean;
  readonly speaking: boolean;
  readonly microphone: TrackState | null;
  readonly camera: TrackState | null;
  readonly screen: TrackState | null;
  readonly screenAudio: TrackState | null;
}

/** What the preset lets this participant publish. */
export interface Permissions {
  readonly microphone: boolean;
  readonly camera: boolean;
  readonly screen: boolean;
}

export interface CallState {
  readonly phase: Phase;
  readonly title: string;
  readonly permissions: Permissions;
  /** Self first, then the others in the order in which they joined. Empty when not in a call. */
  readonly peers: readonly PeerState[];
  /** The browser refuses to play sound until the person clicks. */
  readonly soundBlocked: boolean;
  /** Why the call is over; set when `phase` is `ended`. */
  readonly problem: Problem | null;
}

export const NO_PERMISSIONS: Permissions = { microphone: false, camera: false, screen: false };

export const IDLE: CallState = {
  phase: 'idle',
  title: '',
  permissions: NO_PERMISSIONS,
  peers: [],
  soundBlocked: false,
  problem: null,
};

/** A track counts as on when it is there and not muted. */
export function isOn(track: TrackState | null): boolean {
  return track !== null && !track.muted;
}
