import { describe, expect, it } from 'vitest';
import { explainDevice, explainDevices, failureOf, type Device, type DeviceFailure } from '../../core/devices';

const named = (name: string): Error => Object.assign(new Error('x'), { name });

describe('a device that does not open', () => {
  it.each([
    ['NotAllowedError', 'denied'],
    ['NotFoundError', 'missing'],
    ['OverconstrainedError', 'missing'],
    ['NotReadableError', 'in_use'],
    ['TypeError', 'unknown'],
  ])('%s means %s', (name, failure) => {
    expect(failureOf(named(name))).toBe(failure);
  });

  it('is not a failure when the person closed the picker for screens', () => {
    expect(explainDevice('screen', failureOf(named('NotAllowedError'), 'screen'))).toBe('');
  });

  it('is explained with what to do', () => {
    expect(explainDevice('camera', 'denied')).toContain('Allow it');
    expect(explainDevice('microphone', 'missing')).toBe('No microphone was found.');
  });

  it('shares a sentence with another one that failed for the same reason', () => {
    const both = new Map<Device, DeviceFailure>([['microphone', 'denied'], ['camera', 'denied']]);
    expect(explainDevices(both)).toMatch(/^The microphone and camera are blocked\. Allow them /);
    const apart = new Map<Device, DeviceFailure>([['microphone', 'in_use'], ['camera', 'missing']]);
    expect(explainDevices(apart)).toBe('The microphone is in use by another program. No camera was found.');
    expect(explainDevices(new Map())).toBe('');
  });
});
