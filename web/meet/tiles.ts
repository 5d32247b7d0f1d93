// The pictures: one tile for every person, and one on the stage for every shared screen.

import type { Track } from 'livekit-client';
import { isOn, type PeerState, type TrackState } from '../core';
import { hue, initials } from './avatar';
import { h, mark, write } from './dom';
import { icon } from './icons';
import { bestGrid } from './tile_grid';

const GAP_PX = 12;

/** Keeps the tiles in step with the peers of a call. */
export class Tiles {
  readonly element: HTMLElement;
  private readonly stage = h('section', { class: 'stage', 'aria-label': 'Shared screens' });
  private readonly grid = h('section', { class: 'grid', 'aria-label': 'People', 'data-testid': 'tiles' });
  private readonly sounds = h('div', { hidden: true });
  private readonly people = new Map<string, Tile>();
  private readonly screens = new Map<string, Tile>();
  private readonly voices = new Map<string, Voice>();
  private readonly resized = new ResizeObserver(() => this.arrange());

  constructor() {
    this.element = h('div', { class: 'tiles' }, this.stage, this.grid, this.sounds);
    this.resized.observe(this.grid);
  }

  /** Shows exactly these peers. */
  render(peers: readonly PeerState[]): void {
    sync(this.people, peers, (peer) => new Tile(peer, 'camera'), this.grid);
    sync(this.screens, peers.filter((peer) => isOn(peer.screen)), (peer) => new Tile(peer, 'screen'), this.stage);
    sync(this.voices, peers.filter((peer) => !peer.self), (peer) => new Voice(peer), this.sounds);
    mark(this.element, 'data-stage', this.screens.size > 0);
    mark(this.grid, 'data-count', String(peers.length));
    this.arrange();
  }

  /** Lets go of every picture and sound. */
  close(): void {
    this.render([]);
    this.resized.disconnect();
  }

  private arrange(): void {
    // With a shared screen the people stand in a strip, whose sizes are the style sheet's.
    if (this.screens.size > 0) return;
    const shape = bestGrid(this.people.size, this.grid.clientWidth, this.grid.clientHeight, GAP_PX);
    this.grid.style.setProperty('--row-width', `${shape.columns * (shape.width + GAP_PX) - GAP_PX}px`);
    this.grid.style.setProperty('--tile-width', `${shape.width}px`);
    this.grid.style.setProperty('--tile-height', `${shape.height}px`);
  }
}

interface Item {
  readonly element: HTMLElement;
  update(peer: PeerState): void;
  close(): void;
}

function sync<T extends Item>(items: Map<string, T>, peers: readonly PeerState[], make: (peer: PeerState) => T, home: HTMLElement): void {
  const wanted = new Set(peers.map((peer) => peer.identity));
  for (const [identity, item] of items) {
    if (wanted.has(identity)) continue;
    item.close();
    item.element.remove();
    items.delete(identity);
  }
  peers.forEach((peer, place) => {
    const item = items.get(peer.identity) ?? make(peer);
    items.set(peer.identity, item);
    item.update(peer);
    // Moving a <video> pauses it: only what stands in the wrong place is moved.
    if (home.children[place] !== item.element) home.insertBefore(item.element, home.children[place] ?? null);
  });
}

/** One picture with the name of its person. */
class Tile implements Item {
  readonly element: HTMLElement;
  private readonly video = h('video', { playsinline: true, autoplay: true, 'aria-hidden': 'true' });
  private readonly initials = h('div', { class: 'avatar', 'aria-hidden': 'true' });
  private readonly name = h('span', { class: 'nameplate-name' });
  private readonly picture: Attachment;

  constructor(peer: PeerState, private readonly kind: 'camera' | 'screen') {
    this.video.muted = true; // sound has elements of its own
    this.picture = new Attachment(this.video);
    const muted = h('span', { class: 'nameplate-muted' }, icon('microphoneOff'));
    this.element = h(
      'article',
      {
        class: `tile hue-${hue(peer.identity)}`,
        'data-testid': kind === 'camera' ? 'tile' : 'screen-tile',
        'data-identity': peer.identity,
        'data-self': String(peer.self),
        'data-kind': kind,
      },
      this.initials,
      this.video,
      h('div', { class: 'nameplate' }, kind === 'camera' ? muted : icon('screen'), this.name),
    );
    const playing = (): void => mark(this.element, 'data-playing', this.video.videoWidth > 0);
    for (const event of ['playing', 'resize', 'loadeddata', 'emptied']) this.video.addEventListener(event, playing);
    playing();
  }

  update(peer: PeerState): void {
    const track = this.kind === 'camera' ? peer.camera : peer.screen;
    const muted = !isOn(peer.microphone);
    this.picture.show(mediaOf(track));
    mark(this.element, 'data-state', isOn(track) ? 'video' : 'avatar');
    mark(this.element, 'data-muted', muted);
    mark(this.element, 'data-speaking', peer.speaking && this.kind === 'camera');
    mark(this.element, 'aria-label', this.label(peer, muted));
    write(this.initials, initials(peer.name));
    write(this.name, this.caption(peer));
  }

  close(): void {
    this.picture.show(null);
  }

  private caption(peer: PeerState): string {
    if (this.kind === 'screen') return peer.self ? 'Your screen' : `${peer.name}’s screen`;
    return peer.self ? `${peer.name} (you)` : peer.name;
  }

  private label(peer: PeerState, muted: boolean): string {
    if (this.kind === 'screen') return this.caption(peer);
    return `${this.caption(peer)}, microphone ${muted ? 'off' : 'on'}, camera ${isOn(peer.camera) ? 'on' : 'off'}`;
  }
}

/** The sound of one person: microphone and shared sound, never shown. */
class Voice implements Item {
  readonly element: HTMLElement;
  private readonly microphone: Attachment;
  private readonly screen: Attachment;

  constructor(peer: PeerState) {
    const voice = h('audio', { 'data-testid': 'remote-audio', 'data-identity': peer.identity });
    const shared = h('audio');
    this.microphone = new Attachment(voice);
    this.screen = new Attachment(shared);
    this.element = h('div', {}, voice, shared);
  }

  update(peer: PeerState): void {
    this.microphone.show(mediaOf(peer.microphone));
    this.screen.show(mediaOf(peer.screenAudio));
  }

  close(): void {
    this.microphone.show(null);
    this.screen.show(null);
  }
}

/** Which track an element plays: attaching twice, or forgetting to detach, would leak its decoder. */
class Attachment {
  private current: Track | null = null;

  constructor(private readonly element: HTMLMediaElement) {}

  show(track: Track | null): void {
    if (track === this.current) return;
    this.current?.detach(this.element);
    track?.attach(this.element);
    this.current = track;
  }
}

function mediaOf(track: TrackState | null): Track | null {
  return track?.media ?? null;
}
