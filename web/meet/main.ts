// The meet page: which of its three faces is shown (before, during, after the call) and what leads from one to the next.

import './style.css';
import './cards.css';
import './call.css';
import { isBrowserSupported } from 'livekit-client';
import { askRefusal, Call, explainDevice, isOn, problem } from '../core';
import type { CallState, JoinWith, MeetAddress, Problem, TrackState } from '../core';
import { CallView } from './call_view';
import { shortcut } from './controls';
import { h } from './dom';
import { notice } from './notices';
import { Prejoin } from './prejoin';
import { problemCard } from './problem_card';
import { forgetToken, takeAddress } from './token_keeper';

interface Face {
  readonly element: HTMLElement;
  pressKey?(key: string): boolean;
  close?(): void;
}

const DEVICES_OPEN: JoinWith = { microphone: true, camera: true };

class Page {
  private face: Face | null = null;
  private title = '';
  // What was on when the last call ended, to come back the same way.
  private last: JoinWith = DEVICES_OPEN;

  constructor(private readonly app: HTMLElement, private readonly address: MeetAddress) {}

  start(): void {
    document.addEventListener('keydown', (event) => {
      const key = shortcut(event);
      if (key && this.face?.pressKey?.(key)) event.preventDefault();
    });
    if (!this.address.meetingId) this.fail(problem('meeting_missing'));
    else if (!this.address.token) this.fail(problem('token_missing'));
    else if (!isBrowserSupported()) this.fail(problem('browser_unsupported'));
    else if (this.address.autojoin) this.join(DEVICES_OPEN);
    else this.prepare();
  }

  private prepare(): void {
    const card = new Prejoin(this.title, (wanted) => this.join(wanted, card));
    this.show(card);
    void card.start();
    void this.check(card);
  }

  // A bad invitation is told at once, not after somebody has combed their hair.
  private async check(card: Prejoin): Promise<void> {
    const refusal = await askRefusal(location.origin, this.address.token, fetch.bind(window));
    if (refusal && this.face === card && card.waiting) this.fail(refusal);
  }

  private join(wanted: JoinWith, card: Face = joiningCard()): void {
    if (this.face !== card) this.show(card);
    const call = new Call({
      origin: location.origin,
      token: this.address.token,
      title: this.title,
      fetch: fetch.bind(window),
      onDeviceFailure: (device, failure) => notice(explainDevice(device, failure)),
    });
    let view: CallView | null = null;
    call.state.subscribe((state) => {
      if (state.phase === 'connected' && !view) this.show((view = new CallView(call)));
      if (state.phase === 'connected') this.remember(state, wanted);
      if (state.phase === 'ended' && state.problem) this.fail(state.problem, view !== null);
    });
    void call.join(wanted);
  }

  private fail(why: Problem, wasInCall = false): void {
    if (why.remedy === 'new_link' && why.id.startsWith('token_')) forgetToken(window, this.address.meetingId);
    const again = wasInCall
      ? { label: 'Rejoin', act: () => this.join(this.last) }
      : { label: 'Try again', act: () => this.prepare() };
    this.show({ element: problemCard(why, again) });
  }

  private remember(state: CallState, wanted: JoinWith): void {
    const self = state.peers.find((peer) => peer.self);
    const wasOn = (track: TrackState | null | undefined, asked: boolean): boolean => (track ? isOn(track) : asked);
    this.last = {
      microphone: wasOn(self?.microphone, wanted.microphone !== false),
      camera: wasOn(self?.camera, wanted.camera !== false),
    };
    this.title = state.title;
    document.title = state.title ? `${state.title} · Parley` : 'Parley';
  }

  private show(face: Face): void {
    this.face?.close?.();
    this.face = face;
    this.app.replaceChildren(face.element);
  }
}

function joiningCard(): Face {
  const text = h('p', { class: 'joining', role: 'status', 'data-testid': 'joining' }, h('span', { class: 'spinner', 'aria-hidden': 'true' }), 'Joining …');
  return { element: text };
}

const app = document.getElementById('app');
if (app) new Page(app, takeAddress(window)).start();
