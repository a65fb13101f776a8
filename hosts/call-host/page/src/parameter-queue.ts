import type { ParameterValue } from './api-types';

type Values = Record<string, ParameterValue>;

/**
 * Gathers the moves of a socket's controls: one request at a time, at most one every `quietMs`, always with the newest
 * value of each parameter. A slider that is dragged thus follows the hand without a request per pixel.
 */
export class ParameterQueue {
  private waiting: Values = {};
  private timer: ReturnType<typeof setTimeout> | undefined;
  private inFlight: Values | null = null;

  constructor(
    private readonly post: (values: Values) => Promise<void>,
    private readonly quietMs = 150,
  ) {}

  set(name: string, value: ParameterValue): void {
    this.waiting[name] = value;
    this.schedule();
  }

  /** Whether a newer value of this parameter than the host's is still on its way. */
  isPending(name: string): boolean {
    return name in this.waiting || (this.inFlight !== null && name in this.inFlight);
  }

  /** Forgets what has not been sent: the plugin that it was meant for is gone. */
  clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting = {};
  }

  private schedule(): void {
    if (this.timer !== undefined || this.inFlight) return;
    this.timer = setTimeout(() => void this.flush(), this.quietMs);
  }

  private async flush(): Promise<void> {
    this.timer = undefined;
    this.inFlight = this.waiting;
    this.waiting = {};
    try {
      await this.post(this.inFlight);
    } finally {
      this.inFlight = null;
      if (Object.keys(this.waiting).length > 0) this.schedule();
    }
  }
}
