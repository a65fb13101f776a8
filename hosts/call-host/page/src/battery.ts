import type { Limits } from './limits';
import type { Resource } from './resources';

/** `BatteryManager`, as far as it is looked at. */
export interface Battery {
  readonly charging: boolean;
  /** From 0 to 1. */
  readonly level: number;
  addEventListener(type: 'chargingchange' | 'levelchange', listener: () => void): void;
  removeEventListener(type: 'chargingchange' | 'levelchange', listener: () => void): void;
}

/** The part of `navigator` that knows the battery; some browsers have none. */
export interface BatterySource {
  getBattery?(): Promise<Battery>;
}

/** What is voted for when the battery is discharged below a level, the least first. */
const VOTES: readonly { below: number; limits: Limits }[] = [
  { below: 0.08, limits: { audio_kbps: 16, frame_rate: 7, pixels: 320 * 180 } },
  { below: 0.2, limits: { audio_kbps: 24, frame_rate: 15, pixels: 640 * 360 } },
];
/** So much above a level it counts as above again, so that a level that wavers changes nothing. */
const ABOVE = 0.02;

/** The battery of this device: while it is discharged and low, less is to be encoded. */
export class BatteryResource implements Resource {
  readonly name = 'battery';
  limits: Limits = {};
  private battery: Battery | null = null;
  private watched = false;
  private below = 0;
  private changed: () => void = () => {};

  constructor(private readonly source: BatterySource) {}

  watch(changed: () => void): void {
    this.changed = changed;
    this.watched = true;
    void this.open();
  }

  unwatch(): void {
    this.watched = false;
    this.battery?.removeEventListener('chargingchange', this.look);
    this.battery?.removeEventListener('levelchange', this.look);
    this.battery = null;
  }

  private async open(): Promise<void> {
    // Refused to pages that are neither https nor localhost, and to frames; then nothing is known of it.
    const battery = (await this.source.getBattery?.().catch(() => null)) ?? null;
    if (!battery || !this.watched || this.battery) return;
    this.battery = battery;
    battery.addEventListener('chargingchange', this.look);
    battery.addEventListener('levelchange', this.look);
    this.look();
  }

  private readonly look = (): void => {
    if (!this.battery) return;
    const { charging, level } = this.battery;
    const vote = charging ? undefined : VOTES.find(({ below }) => level < (this.holds(below) ? below + ABOVE : below));
    const below = vote?.below ?? 0;
    if (below === this.below) return;
    this.below = below;
    this.limits = vote?.limits ?? {};
    this.changed();
  };

  /** Whether the level has fallen below this one: it counts as above again only a little above. */
  private holds(below: number): boolean {
    return this.below > 0 && this.below <= below;
  }
}
