import { isSameLimits, type Limits } from './limits';
import { lower, lowered, type Pictures } from './picture-ladder';
import type { Resource } from './resources';

export type PressureState = 'nominal' | 'fair' | 'serious' | 'critical';

/** `PressureObserver` of the Compute Pressure API; TypeScript's library does not know it yet, nor do all browsers. */
interface PressureObserver {
  observe(source: 'cpu', options?: { sampleInterval?: number }): Promise<void>;
  disconnect(): void;
}

declare global {
  interface Window {
    PressureObserver?: new (callback: (records: readonly { readonly state: PressureState }[]) => void) => PressureObserver;
  }
}

const SAMPLE_MS = 1_000;
const LOOK_MS = 500;
/** While it is under such pressure a step down is made so often. */
const DOWN_EVERY_MS: Partial<Record<PressureState, number>> = { serious: 5_000, critical: 2_500 };
/** After a step down it takes so long before one up, then each takes less (libwebrtc's `kStandardRampUpDelayMs`, `kQuickRampUpDelayMs`) … */
const RAMP_UP_MS = 40_000;
const QUICK_RAMP_UP_MS = 10_000;
/** … and the wait doubles, up to this, if a step up was too much (`kMaxRampUpDelayMs`). */
const LONGEST_RAMP_UP_MS = 240_000;

/** How many steps down the ladder of pictures a pressure brings, as time goes by. */
export class PressureSteps {
  count = 0;
  private steppedAt = -Infinity;
  private steppedUp = false;
  private rampUp = RAMP_UP_MS;

  /** `mayStepDown` is false where there is nothing less to ask for. */
  look(nowMs: number, state: PressureState, mayStepDown: boolean): void {
    const since = nowMs - this.steppedAt;
    const downEvery = DOWN_EVERY_MS[state];
    if (downEvery !== undefined) {
      // After a step up the pressure need not last: what was given was too much.
      if (!mayStepDown || (since < downEvery && !this.steppedUp)) return;
      if (this.steppedUp) this.rampUp = since < RAMP_UP_MS ? Math.min(2 * this.rampUp, LONGEST_RAMP_UP_MS) : RAMP_UP_MS;
      this.step(nowMs, 1);
    } else if (state === 'nominal' && this.count > 0 && since >= (this.steppedUp ? QUICK_RAMP_UP_MS : this.rampUp)) this.step(nowMs, -1);
  }

  private step(nowMs: number, by: 1 | -1): void {
    this.count += by;
    this.steppedAt = nowMs;
    this.steppedUp = by < 0;
  }
}

/** The processor of this device, and its heat as far as that slows it: under pressure, pictures get fewer and smaller step by step. */
export class PressureResource implements Resource {
  readonly name = 'processor';
  limits: Limits = {};
  private state: PressureState = 'nominal';
  private steps = new PressureSteps();
  private observer: PressureObserver | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;
  private changed: () => void = () => {};

  /** `pictures` are what a camera gives; null while none is sent, which leaves nothing to take from. */
  constructor(private readonly pictures: () => Pictures | null) {}

  watch(changed: () => void): void {
    const Observer = window.PressureObserver;
    if (!Observer) return;
    this.changed = changed;
    this.observer = new Observer((records) => {
      this.state = records.at(-1)?.state ?? this.state;
      this.look();
    });
    // Refused where the browser cannot measure; then nothing is known of it.
    this.observer.observe('cpu', { sampleInterval: SAMPLE_MS }).catch(() => this.unwatch());
    // Only another pressure is told, but a pressure that lasts counts too.
    this.timer = setInterval(() => this.look(), LOOK_MS);
  }

  unwatch(): void {
    clearInterval(this.timer);
    this.observer?.disconnect();
    this.observer = null;
  }

  private look(): void {
    const pictures = this.pictures();
    if (!pictures) this.steps = new PressureSteps();
    const now = pictures && lowered(pictures, this.steps.count);
    this.steps.look(performance.now(), this.state, now !== null && lower(now) !== null);
    const { count } = this.steps;
    const limits = pictures && count > 0 ? limitsOf(lowered(pictures, count)) : {};
    if (isSameLimits(limits, this.limits)) return;
    this.limits = limits;
    this.changed();
  }
}

function limitsOf({ frameRate, pixels }: Pictures): Limits {
  return { frame_rate: Math.max(1, Math.round(frameRate)), pixels };
}
