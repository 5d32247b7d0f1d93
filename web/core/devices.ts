// Opening a camera or a microphone, and saying why it did not open.

import { createLocalAudioTrack, createLocalTracks, createLocalVideoTrack, VideoPresets } from 'livekit-client';
import type { LocalAudioTrack, LocalVideoTrack } from 'livekit-client';

export type Device = 'camera' | 'microphone' | 'screen';

export type DeviceFailure = 'denied' | 'missing' | 'in_use' | 'insecure' | 'cancelled' | 'unknown';

export type Opened<T> = { readonly track: T } | { readonly failure: DeviceFailure };

export interface Devices {
  readonly microphone: Opened<LocalAudioTrack>;
  readonly camera: Opened<LocalVideoTrack>;
}

const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const VIDEO = { resolution: VideoPresets.h720.resolution };

/** Asks for the camera (720p). Never throws. */
export async function openCamera(): Promise<Opened<LocalVideoTrack>> {
  return open(() => createLocalVideoTrack(VIDEO));
}

/** Asks for the microphone, with echo cancellation, noise suppression and gain control. Never throws. */
export async function openMicrophone(): Promise<Opened<LocalAudioTrack>> {
  return open(() => createLocalAudioTrack(AUDIO));
}

/** Asks for both with one question to the person, and one by one where one of them is missing. Never throws. */
export async function openBoth(): Promise<Devices> {
  const both = await open(() => createLocalTracks({ audio: AUDIO, video: VIDEO }));
  if ('track' in both) {
    const microphone = both.track.find((track) => track.kind === 'audio') as LocalAudioTrack;
    const camera = both.track.find((track) => track.kind === 'video') as LocalVideoTrack;
    return { microphone: { track: microphone }, camera: { track: camera } };
  }
  if (both.failure === 'insecure') return { microphone: both, camera: both };
  // After a refusal only what is already allowed is tried again: nobody wants to be asked three times.
  const refused = both.failure === 'denied';
  return {
    microphone: refused && !(await isGranted('microphone')) ? both : await openMicrophone(),
    camera: refused && !(await isGranted('camera')) ? both : await openCamera(),
  };
}

async function isGranted(name: 'microphone' | 'camera'): Promise<boolean> {
  try {
    return (await navigator.permissions.query({ name: name as PermissionName })).state === 'granted';
  } catch {
    return false; // a browser that cannot say (Firefox before 131)
  }
}

async function open<T>(ask: () => Promise<T>): Promise<Opened<T>> {
  // Browsers hide devices from pages that did not come over HTTPS or from localhost.
  if (!globalThis.isSecureContext) return { failure: 'insecure' };
  try {
    return { track: await ask() };
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

/** Names the reason behind an error of getUserMedia or getDisplayMedia. */
export function failureOf(error: unknown, device: Device = 'camera'): DeviceFailure {
  switch ((error as { name?: unknown } | null)?.name) {
    case 'NotAllowedError':
    case 'SecurityError':
    case 'PermissionDeniedError':
      // Closing the browser's picker for screens reports the same error as a refusal.
      return device === 'screen' ? 'cancelled' : 'denied';
    case 'NotFoundError':
    case 'DevicesNotFoundError':
    case 'OverconstrainedError':
      return 'missing';
    case 'NotReadableError':
    case 'TrackStartError':
      return 'in_use';
    case 'AbortError':
      return 'cancelled';
    default:
      return 'unknown';
  }
}

/** Says to a person what happened to a device and what to do about it. Empty when there is nothing to say. */
export function explainDevice(device: Device, failure: DeviceFailure): string {
  return explain([device], failure);
}

/** Says it for several devices at once: what failed for the same reason shares a sentence. */
export function explainDevices(failures: ReadonlyMap<Device, DeviceFailure>): string {
  const reasons = new Map<DeviceFailure, Device[]>();
  for (const [device, failure] of failures) reasons.set(failure, [...(reasons.get(failure) ?? []), device]);
  return [...reasons].map(([failure, devices]) => explain(devices, failure)).filter(Boolean).join(' ');
}

function explain(devices: readonly Device[], failure: DeviceFailure): string {
  const names = devices.join(' and ');
  const [are, them] = devices.length > 1 ? ['are', 'them'] : ['is', 'it'];
  switch (failure) {
    case 'denied':
      return `The ${names} ${are} blocked. Allow ${them} in the browser’s address bar, then try again.`;
    case 'missing':
      return `No ${devices.join(' or ')} was found.`;
    case 'in_use':
      return `The ${names} ${are} in use by another program.`;
    case 'insecure':
      return `The ${names} ${devices.length > 1 ? 'need' : 'needs'} a secure address: open this page over https.`;
    case 'cancelled':
      return '';
    case 'unknown':
      return `The ${names} could not be started.`;
  }
}
