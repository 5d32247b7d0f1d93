// The running call: title and state on top, tiles in the middle, controls below.

import type { Call, CallState } from '../core';
import { Controls } from './controls';
import { h, mark, write } from './dom';
import { icon } from './icons';
import { announce } from './notices';
import { Tiles } from './tiles';

/** Shows a call until it is closed. */
export class CallView {
  readonly element: HTMLElement;
  private readonly tiles = new Tiles();
  private readonly controls: Controls;
  private readonly title = h('h1', { class: 'call-title', 'data-testid': 'meeting-title' });
  private readonly count = h('span', { 'data-testid': 'participant-count' });
  private readonly banner = h('div', { class: 'banner', role: 'alert', 'data-testid': 'reconnecting' });
  private readonly sound: HTMLElement;
  private readonly alone = h('p', { class: 'alone', 'data-testid': 'alone' }, 'You are the only one here');
  private readonly unsubscribe: () => void;
  private names = new Map<string, string>();

  constructor(call: Call) {
    this.controls = new Controls(call);
    this.sound = h(
      'button',
      { type: 'button', class: 'button sound', 'data-testid': 'sound', onclick: () => void call.enableSound() },
      icon('sound'),
      'Turn sound on',
    );
    const people = h('div', { class: 'call-count', role: 'img' }, icon('people'), this.count);
    this.element = h(
      'section',
      { class: 'call', 'data-testid': 'call', 'aria-label': 'Call' },
      h('header', { class: 'call-top' }, this.title, people),
      h('div', { class: 'call-middle' }, this.banner, this.sound, this.tiles.element, this.alone),
      this.controls.element,
    );
    this.banner.append(h('span', { class: 'spinner', 'aria-hidden': 'true' }), 'The connection was interrupted. Getting you back in …');
    this.unsubscribe = call.state.subscribe((state) => this.render(state, people));
  }

  /** Presses the button that belongs to a key; tells whether there is one. */
  pressKey(key: string): boolean {
    return this.controls.pressKey(key);
  }

  /** Lets go of the call. */
  close(): void {
    this.unsubscribe();
    this.tiles.close();
  }

  private render(state: CallState, people: HTMLElement): void {
    mark(this.element, 'data-state', state.phase);
    if (state.phase === 'ended') return;
    const count = state.peers.length;
    write(this.title, state.title || 'Meeting');
    write(this.count, String(count));
    mark(people, 'aria-label', count === 1 ? '1 person in the call' : `${count} people in the call`);
    this.banner.hidden = state.phase !== 'reconnecting';
    this.sound.hidden = !state.soundBlocked;
    this.alone.hidden = count !== 1;
    this.tiles.render(state.peers);
    this.controls.render(state);
    this.announceChanges(state);
  }

  private announceChanges(state: CallState): void {
    const now = new Map(state.peers.map((peer) => [peer.identity, peer.name]));
    // Nobody wants to hear the whole list when joining.
    if (this.names.size > 0) {
      for (const [identity, name] of now) if (!this.names.has(identity)) announce(`${name} joined`);
      for (const [identity, name] of this.names) if (!now.has(identity)) announce(`${name} left`);
    }
    this.names = now;
  }
}
