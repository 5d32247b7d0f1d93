// Reads how loud everybody is, from what WebRTC already knows: no audio graph, no decoding of our own.

import { RemoteAudioTrack, Track, type LocalParticipant, type Room } from 'livekit-client';
import type { Level } from './speaking';

/** Returns the level of everybody whose microphone is on; people without one are not in it. */
export async function readLevels(room: Room): Promise<Map<string, Level>> {
  const levels = new Map<string, Level>();
  for (const peer of room.remoteParticipants.values()) {
    const publication = peer.getTrackPublication(Track.Source.Microphone);
    if (!(publication?.track instanceof RemoteAudioTrack) || publication.isMuted) continue;
    // The newest packet carries its sender's own measure (RFC 6464).
    const [source] = publication.track.receiver?.getSynchronizationSources() ?? [];
    if (source) levels.set(peer.identity, { level: source.audioLevel ?? 0, mark: source.rtpTimestamp });
  }
  const own = await ownLevel(room.localParticipant);
  if (own) levels.set(room.localParticipant.identity, own);
  return levels;
}

async function ownLevel(self: LocalParticipant): Promise<Level | null> {
  const publication = self.getTrackPublication(Track.Source.Microphone);
  if (!publication?.track || publication.isMuted) return null;
  const report = await publication.track.getRTCStatsReport();
  for (const stats of report?.values() ?? []) {
    const { type, audioLevel, totalSamplesDuration } = stats as { type: string; audioLevel?: number; totalSamplesDuration?: number };
    if (type === 'media-source' && audioLevel !== undefined) return { level: audioLevel, mark: totalSamplesDuration ?? 0 };
  }
  return null;
}
