// The bar under the call: microphone, camera, screen, leave, and their keys.

import { isOn, type CallState } from '../core';
import { h, mark, write } from './dom';
import { icon, type IconName } from './icons';

export interface Actions {
  setMicrophone(on: boolean): Promise<void>;
  setCamera(on: boolean): Promise<void>;
  setScreen(on: boolean): Promise<void>;
  leave(): Promise<void>;
}

interface Look {
  readonly name: 'microphone' | 'camera' | 'screen';
  readonly on: { readonly icon: IconName; readonly label: string };
  readonly off: { readonly icon: IconName; readonly label: string };
  readonly caption: string;
  readonly key: string;
}

const LOOKS: Record<'microphone' | 'camera' | 'screen', Look> = {
  microphone: {
    name: 'microphone',
    on: { icon: 'microphone', label: 'Mute microphone' },
    off: { icon: 'microphoneOff', label: 'Unmute microphone' },
    caption: 'Mic',
    key: 'm',
  },
  camera: {
    name: 'camera',
    on: { icon: 'camera', label: 'Turn camera off' },
    off: { icon: 'cameraOff', label: 'Turn camera on' },
    caption: 'Camera',
    key: 'v',
  },
  screen: {
    name: 'screen',
    on: { icon: 'screen', label: 'Stop sharing your screen' },
    off: { icon: 'screen', label: 'Share your screen' },
    caption: 'Share',
    key: '',
  },
};

/** A button that is on or off. While its change is on the way it takes no second click. */
export class Toggle {
  readonly element: HTMLButtonElement;
  private readonly face = h('span', { class: 'control-face' });
  private readonly look: Look;
  private on: boolean | null = null;

  constructor(name: keyof typeof LOOKS, private readonly change: (on: boolean) => Promise<void>, testId: string = name) {
    this.look = LOOKS[name];
    this.element = h(
      'button',
      { type: 'button', class: `control control-${name}`, 'data-testid': testId, onclick: () => void this.press() },
      this.face,
      h('span', { class: 'control-caption', 'aria-hidden': 'true' }, this.look.caption),
    );
    if (this.look.key) this.element.setAttribute('aria-keyshortcuts', this.look.key);
    this.show(false);
  }

  /** Shows the state as it is. */
  show(on: boolean): void {
    if (this.on === on) return;
    this.on = on;
    const face = on ? this.look.on : this.look.off;
    mark(this.element, 'data-state', on ? 'on' : 'off');
    mark(this.element, 'aria-label', face.label);
    this.element.title = this.look.key ? `${face.label} (${this.look.key})` : face.label;
    this.face.replaceChildren(icon(face.icon));
  }

  /** Does what a click does, unless the last one is still on the way or the button is not there. */
  async press(): Promise<void> {
    if (this.element.hidden || this.element.getAttribute('aria-busy') === 'true') return;
    mark(this.element, 'aria-busy', true);
    await this.change(!this.on).finally(() => mark(this.element, 'aria-busy', false));
  }
}

/** The bar of a running call. */
export class Controls {
  readonly element: HTMLElement;
  private readonly microphone: Toggle;
  private readonly camera: Toggle;
  private readonly screen: Toggle;
  private readonly watching = h('p', { class: 'watching', 'data-testid': 'watching' });

  constructor(actions: Actions) {
    this.microphone = new Toggle('microphone', (on) => actions.setMicrophone(on));
    this.camera = new Toggle('camera', (on) => actions.setCamera(on));
    this.screen = new Toggle('screen', (on) => actions.setScreen(on));
    const leave = h(
      'button',
      {
        type: 'button',
        class: 'control control-leave',
        'data-testid': 'leave',
        'aria-label': 'Leave the meeting',
        title: 'Leave the meeting',
        onclick: () => void actions.leave(),
      },
      h('span', { class: 'control-face' }, icon('leave')),
      h('span', { class: 'control-caption', 'aria-hidden': 'true' }, 'Leave'),
    );
    this.element = h(
      'div',
      { class: 'controls', role: 'toolbar', 'aria-label': 'Call controls' },
      this.watching,
      this.microphone.element,
      this.camera.element,
      this.screen.element,
      leave,
    );
  }

  /** Shows only the buttons that the preset allows, in the state the call is in. */
  render(state: CallState): void {
    const { permissions } = state;
    const self = state.peers.find((peer) => peer.self);
    this.microphone.element.hidden = !permissions.microphone;
    this.camera.element.hidden = !permissions.camera;
    // Phones have no way to share a screen.
    this.screen.element.hidden = !permissions.screen || !('getDisplayMedia' in (navigator.mediaDevices ?? {}));
    this.microphone.show(isOn(self?.microphone ?? null));
    this.camera.show(isOn(self?.camera ?? null));
    this.screen.show(isOn(self?.screen ?? null));
    const mayNothing = !permissions.microphone && !permissions.camera && !permissions.screen;
    write(this.watching, mayNothing ? 'You are watching' : '');
    this.watching.hidden = !mayNothing;
  }

  /** Presses the button that belongs to a key; tells whether there is one. */
  pressKey(key: string): boolean {
    const toggle = key === 'm' ? this.microphone : key === 'v' ? this.camera : null;
    if (!toggle || toggle.element.hidden) return false;
    void toggle.press();
    return true;
  }
}

/** Returns the shortcut in a key press, or null: not while typing, and not when it belongs to browser or system. */
export function shortcut(event: KeyboardEvent): string | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented) return null;
  const target = event.target;
  if (target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))) return null;
  return event.key.length === 1 ? event.key.toLowerCase() : null;
}
