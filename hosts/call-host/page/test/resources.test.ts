import { describe, expect, test } from 'vitest';
import { BatteryResource, type Battery } from '../src/battery';
import { isSameLimits, mostLimiting, type Limits } from '../src/limits';
import { lower, lowered, type Pictures } from '../src/picture-ladder';
import { PressureSteps, type PressureState } from '../src/pressure';
import { Resources, ToldLimits } from '../src/resources';
import { scarcity } from '../src/scarcity';

describe('votes of resources', () => {
  test('agree on the most limiting in every dimension (D5.2)', () => {
    expect(mostLimiting([])).toEqual({});
    const votes: Limits[] = [{ audio_kbps: 24, pixels: 1_000 }, {}, { audio_kbps: 32, frame_rate: 15 }];
    expect(mostLimiting(votes)).toEqual({ audio_kbps: 24, frame_rate: 15, pixels: 1_000 });
    expect(isSameLimits({ frame_rate: 15 }, { frame_rate: 15 })).toBe(true);
    expect(isSameLimits({ frame_rate: 15 }, {})).toBe(false);
  });

  test('are told when they change, with those who limit anything', () => {
    const [host, heat] = [new ToldLimits('host'), new ToldLimits('heat')];
    const resources = new Resources([host, heat]);
    let changes = 0;
    resources.watch(() => changes++);
    host.set({ frame_rate: 10 });
    heat.set({ frame_rate: 15, pixels: 100 });
    expect(changes).toBe(2);
    expect(resources.limits).toEqual({ frame_rate: 10, pixels: 100 });
    expect(resources.limitsWithout('host')).toEqual({ frame_rate: 15, pixels: 100 });
    expect(resources.scarce).toEqual(['host', 'heat']);
    heat.set({});
    expect(resources.scarce).toEqual(['host']);
    resources.unwatch();
    host.set({});
    expect(changes).toBe(3);
  });
});

describe('the ladder of pictures', () => {
  const ladder = (from: Pictures) => {
    const steps: [number, number][] = [];
    for (let now: Pictures | null = from; now; now = lower(now)) steps.push([now.frameRate, now.pixels]);
    return steps;
  };

  test('goes down in turns, as on the host (D5.2)', () => {
    expect(ladder({ frameRate: 30, pixels: 640 * 360 })).toEqual([
      [30, 230_400],
      [15, 230_400],
      [15, 138_240],
      [10, 138_240],
      [10, 82_944],
    ]);
    expect(ladder({ frameRate: 30, pixels: 1280 * 720 }).map(([frameRate]) => frameRate)).toEqual([30, 30, 30, 30, 15, 15, 10, 10, 7]);
    expect(lowered({ frameRate: 30, pixels: 1280 * 720 }, 99)).toEqual({ frameRate: 7, pixels: 71_663 });
  });

  test('leaves small and slow pictures alone', () => {
    expect(lower({ frameRate: 5, pixels: 320 * 240 })).toBeNull();
  });
});

describe('the battery', () => {
  class OneBattery extends EventTarget implements Battery {
    charging = false;
    level = 1;
    become(level: number, charging = false) {
      Object.assign(this, { level, charging });
      this.dispatchEvent(new Event('levelchange'));
    }
  }

  const watched = async () => {
    const battery = new OneBattery();
    const resource = new BatteryResource({ getBattery: async () => battery });
    const votes: Limits[] = [];
    resource.watch(() => votes.push(resource.limits));
    await Promise.resolve();
    await new Promise((done) => setTimeout(done));
    return { battery, resource, votes };
  };

  test('votes for less while it is low and discharged, and for still less when it is nearly empty (D5.2)', async () => {
    const { battery, resource, votes } = await watched();
    battery.become(0.21);
    expect(votes).toEqual([]);
    battery.become(0.19);
    expect(resource.limits).toEqual({ audio_kbps: 24, frame_rate: 15, pixels: 230_400 });
    battery.become(0.07);
    expect(resource.limits).toEqual({ audio_kbps: 16, frame_rate: 7, pixels: 57_600 });
    battery.become(0.07, true);
    expect(resource.limits).toEqual({});
    expect(votes).toHaveLength(3);
  });

  test('does not change its mind with a level that wavers', async () => {
    const { battery, votes } = await watched();
    for (const level of [0.199, 0.201, 0.199, 0.219]) battery.become(level);
    expect(votes).toHaveLength(1);
    for (const level of [0.101, 0.095, 0.081]) battery.become(level);
    expect(votes).toHaveLength(1);
    battery.become(0.23);
    expect(votes).toHaveLength(2);
  });

  test('comes up a level as it went down one', async () => {
    const { battery, resource } = await watched();
    battery.become(0.05);
    battery.become(0.09);
    expect(resource.limits.audio_kbps).toBe(16);
    battery.become(0.11);
    expect(resource.limits.audio_kbps).toBe(24);
  });

  test('is not there in every browser, may be refused, and is left alone afterwards', async () => {
    for (const source of [{}, { getBattery: () => Promise.reject(new Error('NotAllowedError')) }]) {
      const resource = new BatteryResource(source);
      resource.watch(() => expect.unreachable());
      await new Promise((done) => setTimeout(done));
      expect(resource.limits).toEqual({});
    }
    const { battery, resource, votes } = await watched();
    resource.unwatch();
    battery.become(0.01);
    expect(votes).toEqual([]);
  });
});

describe('pressure on the processor', () => {
  /** Looks twice a second, as the page does; how many steps down it has come to. */
  class Device {
    readonly steps = new PressureSteps();
    private nowMs = 1_000;

    under(state: PressureState, seconds: number, mayStepDown = true): number {
      for (let look = 0; look < 2 * seconds; look++) this.steps.look((this.nowMs += 500), state, mayStepDown);
      return this.steps.count;
    }
  }

  test('brings a step at once, and more while it lasts, the faster the worse it is (D5.2)', () => {
    const device = new Device();
    expect(device.under('fair', 60)).toBe(0);
    expect(device.under('serious', 1)).toBe(1);
    expect(device.under('serious', 9)).toBe(2);
    expect(device.under('critical', 5)).toBe(4);
    expect(device.under('critical', 60, false)).toBe(4);
  });

  test('is over when it is nominal for long, then goes up faster', () => {
    const device = new Device();
    device.under('critical', 6);
    expect(device.steps.count).toBe(3);
    expect(device.under('fair', 100)).toBe(3);
    expect(device.under('nominal', 1)).toBe(2);
    expect(device.under('nominal', 9)).toBe(2);
    expect(device.under('nominal', 12)).toBe(0);
    expect(device.under('nominal', 100)).toBe(0);
  });

  test('is waited for the longer the sooner it comes back', () => {
    const device = new Device();
    device.under('serious', 1);
    expect(device.under('nominal', 38)).toBe(1);
    expect(device.under('nominal', 2)).toBe(0);
    expect(device.under('serious', 1)).toBe(1);
    expect(device.under('nominal', 78)).toBe(1);
    expect(device.under('nominal', 3)).toBe(0);
    expect(device.under('fair', 60)).toBe(0);
    expect(device.under('serious', 1)).toBe(1);
    expect(device.under('nominal', 41)).toBe(0);
  });
});

describe('what is said of it', () => {
  test('is why less is sent, and what', () => {
    const limits = { audio_kbps: 24, frame_rate: 15, pixels: 230_400 };
    expect(scarcity(limits, ['battery', 'host'], true)).toEqual({
      title: 'Less is sent, because the battery of this device is low and the host asks for it.',
      advice: 'Now it is at most 24 kbit/s of voice, at most 15 pictures a second, pictures of at most 230 thousand pixels. It comes back by itself.',
    });
  });

  test('is nothing where nothing of what is sent is limited', () => {
    expect(scarcity({ frame_rate: 15 }, ['processor'], false)).toBeNull();
    expect(scarcity({}, [], true)).toBeNull();
  });
});
