// One call: joins, keeps the state a user interface shows, and does what its buttons say. Wraps livekit-client; no DOM.

import { ConnectionError, ConnectionErrorReason, LogLevel, Room, RoomEvent, setLogLevel, supportsAdaptiveStream } from 'livekit-client';
import type { LocalAudioTrack, LocalTrack, LocalVideoTrack } from 'livekit-client';
import { signallingUrl } from './address';
import { IDLE, type CallState } from './call_state';
import { failureOf, type Device, type DeviceFailure } from './devices';
import { readLevels } from './levels';
import { disconnectProblem, problem, type Problem } from './problems';
import { askRefusal } from './refusal';
import { peersOf, permissionsOf, titleOf } from './snapshot';
import { sameSet, SpeakingDetector, type Level } from './speaking';
import { createStore, type Readable, type Store } from './store';

export interface CallOptions {
  /** Where the server is, for example `https://meet.example.com`. */
  readonly origin: string;
  readonly token: string;
  readonly title: string;
  readonly fetch: typeof fetch;
  /** Told when a device could not be started; the call goes on without it. */
  readonly onDeviceFailure: (device: Device, failure: DeviceFailure) => void;
}

/** What to join with: an open track, `true` to open one when the preset allows it, `false` to start without. */
export interface JoinWith {
  readonly microphone: LocalAudioTrack | boolean;
  readonly camera: LocalVideoTrack | boolean;
}

const LISTEN_EVERY_MS = 200;
// A join takes some hundred ms; what takes longer is worth a question.
const DOUBT_AFTER_MS = 2500;

// Each of these may change what is on the screen; making the whole snapshot again costs less than a mistake.
const EVENTS = [
  RoomEvent.ConnectionStateChanged,
  RoomEvent.SignalReconnecting,
  RoomEvent.Reconnecting,
  RoomEvent.Reconnected,
  RoomEvent.ParticipantConnected,
  RoomEvent.ParticipantDisconnected,
  RoomEvent.ParticipantNameChanged,
  RoomEvent.ParticipantPermissionsChanged,
  RoomEvent.TrackPublished,
  RoomEvent.TrackUnpublished,
  RoomEvent.TrackSubscribed,
  RoomEvent.TrackUnsubscribed,
  RoomEvent.TrackMuted,
  RoomEvent.TrackUnmuted,
  RoomEvent.LocalTrackPublished,
  RoomEvent.LocalTrackUnpublished,
  RoomEvent.ActiveSpeakersChanged,
  RoomEvent.AudioPlaybackStatusChanged,
  RoomEvent.RoomMetadataChanged,
] as const;

/** A call that is joined once; to join again make a new one. */
export class Call {
  readonly state: Readable<CallState>;
  private readonly store: Store<CallState>;
  private readonly room: Room;
  private readonly detector = new SpeakingDetector();
  private heard: ReadonlySet<string> = new Set();
  private listening: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: CallOptions) {
    // The library's log can hold addresses, and the address of the socket holds the token.
    setLogLevel(LogLevel.silent);
    this.store = createStore<CallState>({ ...IDLE, title: options.title });
    this.state = this.store;
    this.room = new Room({
      adaptiveStream: supportsAdaptiveStream(),
      dynacast: true,
      publishDefaults: { simulcast: true },
    });
    for (const event of EVENTS) this.room.on(event, this.refresh);
    this.room.on(RoomEvent.Disconnected, (reason) => {
      // While joining, `join` finds out why: the server says more than a closed socket.
      if (this.store.get().phase !== 'connecting') this.end(disconnectProblem(reason));
    });
  }

  /** Joins and publishes as far as the preset allows; tracks it does not allow are stopped. Never throws: see `state`. */
  async join(wanted: JoinWith): Promise<void> {
    this.store.update((state) => ({ ...state, phase: 'connecting' }));
    const doubt = setTimeout(() => void this.giveUpIfRefused(), DOUBT_AFTER_MS);
    try {
      await this.room.connect(signallingUrl(this.options.origin), this.options.token);
    } catch (error) {
      stop(wanted.microphone);
      stop(wanted.camera);
      this.end(await this.reason(error));
      return;
    } finally {
      clearTimeout(doubt);
    }
    this.refresh();
    void this.listen();
    await Promise.all([
      this.start('microphone', wanted.microphone, () => this.setMicrophone(true)),
      this.start('camera', wanted.camera, () => this.setCamera(true)),
    ]);
  }

  /** Leaves the call; the state says `left` at once. */
  async leave(): Promise<void> {
    this.end(problem('left'));
    await this.room.disconnect();
  }

  /** Switches the microphone. */
  async setMicrophone(on: boolean): Promise<void> {
    await this.switch('microphone', () => this.room.localParticipant.setMicrophoneEnabled(on));
  }

  /** Switches the camera. Off means that its light goes out, not only that nothing is sent. */
  async setCamera(on: boolean): Promise<void> {
    await this.switch('camera', () => this.room.localParticipant.setCameraEnabled(on));
  }

  /** Starts or ends sharing a screen; the browser asks which one. */
  async setScreen(on: boolean): Promise<void> {
    await this.switch('screen', () => this.room.localParticipant.setScreenShareEnabled(on, { audio: true }));
  }

  /** Plays sound that the browser held back. Call it from a click. */
  async enableSound(): Promise<void> {
    await this.room.startAudio().catch(() => undefined); // refused again: the state goes on saying so
    this.refresh();
  }

  private async switch(device: Device, act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.options.onDeviceFailure(device, failureOf(error, device));
    }
    this.refresh();
  }

  private async start(device: 'microphone' | 'camera', wanted: LocalTrack | boolean, open: () => Promise<void>): Promise<void> {
    if (wanted === false) return;
    if (!this.store.get().permissions[device]) stop(wanted);
    else if (wanted === true) await open();
    else await this.switch(device, () => this.room.localParticipant.publishTrack(wanted));
  }

  private readonly refresh = (): void => {
    const state = this.store.get();
    if (state.phase === 'ended' || state.phase === 'idle') return;
    const phase = phaseOf(this.room);
    if (phase === 'connecting') return;
    const { localParticipant: self, remoteParticipants: others } = this.room;
    this.store.set({
      ...state,
      phase,
      title: titleOf(this.room.metadata) || state.title,
      permissions: permissionsOf(self.permissions),
      peers: peersOf(self, others.values(), this.heard),
      soundBlocked: !this.room.canPlaybackAudio,
    });
  };

  // Who speaks is judged here as well: a server need not tell, and hearing it oneself is quicker.
  private async listen(): Promise<void> {
    if (this.store.get().phase === 'ended') return;
    // A connection that is being replaced has no statistics: nobody speaks then.
    const levels = await readLevels(this.room).catch(() => new Map<string, Level>());
    const heard = this.detector.look(levels, performance.now());
    if (!sameSet(heard, this.heard)) {
      this.heard = heard;
      this.refresh();
    }
    this.listening = setTimeout(() => void this.listen(), LISTEN_EVERY_MS);
  }

  private end(why: Problem): void {
    clearTimeout(this.listening);
    this.store.update((state) =>
      state.phase === 'ended' ? state : { ...state, phase: 'ended', peers: [], problem: why },
    );
  }

  // The library tries again and again after some refusals: it takes a 404 for an older server.
  private async giveUpIfRefused(): Promise<void> {
    const refusal = await this.refusal();
    if (refusal === null || refusal.id === 'server_unreachable' || this.store.get().phase !== 'connecting') return;
    this.end(refusal);
    await this.room.disconnect();
  }

  private async reason(error: unknown): Promise<Problem> {
    const refusal = await this.refusal();
    if (refusal !== null) return refusal;
    // The server would have us, and its socket opened or not: that is what the library's error still knows.
    return problem(error instanceof ConnectionError && SIGNAL_FAILURES.has(error.reason) ? 'server_unreachable' : 'media_failed');
  }

  private refusal(): Promise<Problem | null> {
    return askRefusal(this.options.origin, this.options.token, this.options.fetch);
  }
}

const SIGNAL_FAILURES = new Set([
  ConnectionErrorReason.ServerUnreachable,
  ConnectionErrorReason.WebSocket,
  ConnectionErrorReason.ServiceNotFound,
  ConnectionErrorReason.Timeout,
]);

function stop(wanted: LocalTrack | boolean): void {
  if (typeof wanted !== 'boolean') wanted.stop();
}

function phaseOf(room: Room): 'connecting' | 'connected' | 'reconnecting' {
  switch (room.state) {
    case 'connected':
      return 'connected';
    case 'reconnecting':
    case 'signalReconnecting':
      return 'reconnecting';
    default:
      return 'connecting';
  }
}
