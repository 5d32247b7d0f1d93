// The card before the call: see yourself, choose microphone and camera, join.

import type { LocalAudioTrack, LocalVideoTrack } from 'livekit-client';
import { explainDevices, openBoth, openCamera, openMicrophone } from '../core';
import type { Device, DeviceFailure, JoinWith, Opened } from '../core';
import { Toggle } from './controls';
import { h, mark, write } from './dom';
import { icon } from './icons';

/** Shows the card until the person joins; whoever takes the tracks it hands over stops them. */
export class Prejoin {
  readonly element: HTMLElement;
  private readonly heading = h('h1', { 'data-testid': 'meeting-title' });
  private readonly video = h('video', { class: 'preview-video', playsinline: true, autoplay: true, 'data-testid': 'preview' });
  private readonly hint = h('p', { class: 'preview-hint' });
  private readonly trouble = h('p', { class: 'prejoin-trouble', role: 'status', 'data-testid': 'device-trouble' });
  private readonly button = h('button', { type: 'button', class: 'button', 'data-testid': 'join' }, 'Join now');
  private readonly preview: HTMLElement;
  private readonly microphoneToggle = new Toggle('microphone', (on) => this.setMicrophone(on), 'prejoin-microphone');
  private readonly cameraToggle = new Toggle('camera', (on) => this.setCamera(on), 'prejoin-camera');
  private microphone: LocalAudioTrack | null = null;
  private camera: LocalVideoTrack | null = null;
  private readonly failures = new Map<Device, DeviceFailure>();
  private over = false;

  constructor(title: string, join: (wanted: JoinWith) => void) {
    this.video.muted = true;
    this.preview = h(
      'div',
      { class: 'preview' },
      h('div', { class: 'preview-off', 'aria-hidden': 'true' }, icon('cameraOff')),
      this.video,
      this.hint,
      h('div', { class: 'preview-controls' }, this.microphoneToggle.element, this.cameraToggle.element),
    );
    this.button.addEventListener('click', () => join(this.handOver()));
    const text = h('div', { class: 'prejoin-text' }, h('p', { class: 'eyebrow' }, 'Ready to join?'), this.heading, this.button, this.trouble);
    this.element = h('section', { class: 'card prejoin', 'data-testid': 'prejoin', 'aria-label': 'Before you join' }, this.preview, text);
    // The server names the meeting to those who are in it: before the first call the page may not know.
    write(this.heading, title || 'Your meeting');
    this.show('Starting camera and microphone …');
  }

  /** Asks for both devices and shows what there is. */
  async start(): Promise<void> {
    const devices = await openBoth();
    this.take('microphone', devices.microphone);
    this.take('camera', devices.camera);
  }

  /** Whether the person is still choosing. */
  get waiting(): boolean {
    return !this.over;
  }

  /** Presses the toggle that belongs to a key; tells whether there is one. */
  pressKey(key: string): boolean {
    const toggle = key === 'm' ? this.microphoneToggle : key === 'v' ? this.cameraToggle : null;
    void toggle?.press();
    return toggle !== null;
  }

  /** Switches everything off: nobody joins from here any more. */
  close(): void {
    const { microphone, camera } = this.handOver();
    if (typeof microphone !== 'boolean') microphone.stop();
    if (typeof camera !== 'boolean') camera.stop();
  }

  private handOver(): JoinWith {
    this.over = true;
    this.button.disabled = true;
    write(this.button, 'Joining …');
    if (this.camera) this.camera.detach(this.video);
    const wanted = { microphone: this.microphone ?? false, camera: this.camera ?? false };
    this.microphone = null;
    this.camera = null;
    return wanted;
  }

  private async setMicrophone(on: boolean): Promise<void> {
    if (on) return this.take('microphone', await openMicrophone());
    this.microphone?.stop();
    this.microphone = null;
    this.show();
  }

  private async setCamera(on: boolean): Promise<void> {
    if (on) return this.take('camera', await openCamera());
    this.camera?.detach(this.video);
    this.camera?.stop();
    this.camera = null;
    this.show();
  }

  private take(device: 'microphone', opened: Opened<LocalAudioTrack>): void;
  private take(device: 'camera', opened: Opened<LocalVideoTrack>): void;
  private take(device: 'microphone' | 'camera', opened: Opened<LocalAudioTrack> | Opened<LocalVideoTrack>): void {
    if ('failure' in opened) {
      this.failures.set(device, opened.failure);
    } else if (this.over) {
      opened.track.stop(); // the person joined or the card was closed while the browser was still asking
      return;
    } else {
      this.failures.delete(device);
      if (device === 'microphone') this.microphone = opened.track as LocalAudioTrack;
      else this.camera = opened.track as LocalVideoTrack;
      if (this.camera && device === 'camera') this.camera.attach(this.video);
    }
    this.show();
  }

  private show(hint = ''): void {
    this.microphoneToggle.show(this.microphone !== null);
    this.cameraToggle.show(this.camera !== null);
    mark(this.preview, 'data-state', this.camera ? 'video' : 'off');
    write(this.hint, hint || (this.camera ? '' : 'Your camera is off'));
    const trouble = explainDevices(this.failures);
    const without = this.failures.size > 1 ? 'them' : 'it';
    write(this.trouble, trouble && `${trouble} You can join without ${without}.`);
    this.trouble.hidden = !trouble;
  }
}
